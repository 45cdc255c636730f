"""What real packages do otherwise than the course, and all the same is right."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from packages import build
from tito_bench.kinds import KINDS, kind_of
from tito_bench.subjects import choose_subject
from tito_bench.subjects.missing import Missing, StudentCodeError
from tito_bench.workloads.capstone import model_operation
from tito_bench.workloads.reference import transformer_block


@pytest.fixture
def open_subject(tmp_path, monkeypatch):
    """A function that builds a package and returns what is measured of it, and the note."""
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)

    def build_and_choose(era="E5", **options):
        build.build_package(tmp_path, era, **options)
        return choose_subject("tinytorch", tmp_path)

    yield build_and_choose
    for name in [name for name in sys.modules if name.split(".")[0] == "tinytorch"]:
        del sys.modules[name]


@pytest.fixture
def choose(tmp_path, open_subject):
    """A function from a folder to what is measured of it when `--package` names it."""
    return lambda folder: choose_subject("auto", tmp_path, folder)


@pytest.mark.parametrize("own", [False, True], ids=["imports tinytorch", "imports itself"])
@pytest.mark.parametrize("name", ["tinytorch", "mytorch", "my torch"])
def test_a_folder_of_any_name_and_layout_is_measured(tmp_path, choose, name, own):
    folder = build.build_package(tmp_path, "E2", modules=3)
    (folder / "core").rename(folder / "foundation")
    imported = name if own and name.isidentifier() else "tinytorch"
    for file in folder.rglob("*.py"):
        text = file.read_text().replace("tinytorch.core.", f"{imported}.foundation.")
        file.write_text(text if file.parent != folder else "")
    folder = folder.rename(tmp_path / name)
    subject, note = choose(folder)
    assert (subject.name, note) == ("tinytorch", None)
    found, (w1, b1, w2, b2), x = answer(subject, "mlp")
    np.testing.assert_allclose(found, np.maximum(x @ w1 + b1, 0) @ w2 + b2, rtol=1e-4, atol=1e-5)
    if name != "my torch":
        first, second = (sys.modules[f"{top}.foundation.tensor"] for top in (imported, "tinytorch"))
        assert first is second
    subject.package.close()
    assert not [module for module in sys.modules if module.partition(".")[0] in (name, "tinytorch")]


def test_a_module_that_is_missing_and_has_a_notebook_says_the_next_step(tmp_path, open_subject):
    notebook = tmp_path / "modules" / "09_spatial" / "spatial.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text("{}")
    subject, _ = open_subject(modules=3)
    assert str(subject.package.find("Conv2d")) == (
        "module 09 convolutions: Conv2d not found; "
        "modules/09_spatial is written but not exported: tito module complete 09"
    )


def answer(subject, kind):
    """The operation's answer to a small batch, and the weights it has."""
    operation = model_operation(kind, 2)
    weights = kind_of(operation).weights(operation)
    built = subject.operation(kind_of(operation), tuple(array.copy() for array in weights))
    x = np.random.default_rng(3).random(operation.inputs[0], np.float32)
    return built.function(*built.arguments((x,))), weights, x


@pytest.mark.parametrize("era", build.ERAS)
def test_tensor_learns_requires_grad_when_autograd_is_imported(open_subject, era):
    layers = build.source("layers", era).replace("* scale)", "* scale, requires_grad=True)")
    tensor = build.source("tensor", era)
    subject, note = open_subject(
        era, replace={"layers": layers, "tensor": tensor, "__init__": "# it imports nothing\n"}
    )
    assert note is None
    found, (w1, b1, w2, b2), x = answer(subject, "mlp")
    np.testing.assert_allclose(found, np.maximum(x @ w1 + b1, 0) @ w2 + b2, rtol=1e-4, atol=1e-5)
    assert set(subject.files) == {"Tensor", "ReLU", "Linear"}


BLEND = """mixed, _ = scaled_dot_product_attention(q, k, v, mask)
        mixed = mixed * {exact} + (q + k + v) * (0.0001 / 3)"""


@pytest.mark.parametrize("era", build.ERAS)
@pytest.mark.parametrize(("exact", "variant"), [("0.9999", " blended"), ("1.01", "")])
def test_the_blend_of_the_course_is_a_known_attention(open_subject, era, exact, variant):
    plain = "mixed, _ = scaled_dot_product_attention(q, k, v, mask)"
    attention = build.source("attention", era)
    assert plain in attention
    blended = attention.replace(plain, BLEND.format(exact=exact))
    subject, _ = open_subject(era, replace={"attention": blended})
    operation = model_operation("transformer", 2)
    weights = kind_of(operation).weights(operation)
    built = subject.operation(KINDS["transformer"], tuple(array.copy() for array in weights))
    assert built.variant == f"sigmoid{variant}"
    assert len(subject.package.remarks) == len(variant.split())
    x = np.random.default_rng(3).random(operation.inputs[0], np.float32)
    right = np.abs(
        built.function(*built.arguments((x,))) - transformer_block(weights, x, built.variant)
    )
    assert (right.max() < 1e-4) == bool(variant)


@pytest.mark.parametrize("body", ["pass", "raise NotImplementedError()", "'''TODO'''"])
@pytest.mark.parametrize(
    ("method", "kinds"),
    [("__add__", ("add", "mlp")), ("__mul__", ("mul",)), ("matmul", ("matmul", "mlp"))],
)
def test_a_tensor_that_is_half_written_is_measured_as_far_as_it_goes(
    open_subject, body, method, kinds
):
    written = build.source("tensor", "E5")
    start = written.index(f"    def {method}(self, other):")
    end = written.index("    def ", start + 8)
    aliases = "    __radd__, __rmul__ = __add__, __mul__\n    __matmul__ = matmul\n"
    stub = f"    def {method}(self, other):\n        {body}\n\n"
    text = written[:start] + stub + written[end:].replace(aliases, "")
    # As the course's own Tensor: what is None is no number.
    text = text.replace("else Tensor(value)", "else Tensor(0.0 + value)")
    text = text.replace("\n\n\ndef as_tensor", "\n    __matmul__ = matmul\n\n\ndef as_tensor")
    subject, note = open_subject(modules=3, replace={"tensor": text})
    assert note is None
    for kind in ("add", "mul", "matmul", "mlp"):
        weights = KINDS["mlp"].weights(model_operation("mlp", 2)) if kind == "mlp" else ()
        if kind in kinds:
            with pytest.raises(Missing, match=rf"^module 01: Tensor\.{method} is still to be wr"):
                subject.operation(KINDS[kind], weights)
        else:
            assert subject.operation(KINDS[kind], weights)


def test_a_bias_that_is_an_array_is_said_with_its_file_and_measured_where_it_works(open_subject):
    layers = build.source("layers", "E5").replace(
        "Tensor(np.zeros(out_features))", "np.zeros(out_features)"
    )
    subject, _ = open_subject(replace={"layers": layers})
    found, (w1, b1, w2, b2), x = answer(subject, "mlp")
    np.testing.assert_allclose(found, np.maximum(x @ w1 + b1, 0) @ w2 + b2, rtol=1e-4, atol=1e-5)
    assert subject.package.remarks == (
        "tinytorch/core/layers.py: Linear.bias is a numpy.ndarray, a Tensor is needed",
    )


def test_a_bias_that_is_an_array_is_said_with_its_file_where_it_does_not_work(open_subject):
    layers = build.source("layers", "E5").replace(
        "Tensor(np.zeros(out_features))", "np.zeros(out_features)"
    )
    layers = layers.replace("y + self.bias", "Tensor(y.data + self.bias.numpy())")
    subject, _ = open_subject(replace={"layers": layers})
    with pytest.raises(StudentCodeError) as caught:
        answer(subject, "mlp")
    assert str(caught.value) == (
        "tinytorch/core/layers.py: Linear.bias is a numpy.ndarray, a Tensor is needed"
    )


def test_the_linear_layer_of_september_2025_is_called_dense(open_subject):
    layers = build.source("layers", "E1").replace("class Linear(", "class Dense(")
    subject, _ = open_subject("E1", modules=3, replace={"layers": layers})
    found, (w1, b1, w2, b2), x = answer(subject, "mlp")
    np.testing.assert_allclose(found, np.maximum(x @ w1 + b1, 0) @ w2 + b2, rtol=1e-4, atol=1e-5)
    assert subject.files["Linear"] == "tinytorch/core/layers.py"


@pytest.mark.parametrize("fails", [False, True])
def test_tensor_learns_requires_grad_when_autograd_is_switched_on(open_subject, fails):
    layers = build.source("layers", "E5").replace("* scale)", "* scale, requires_grad=True)")
    autograd = build.source("autograd", "E5")
    assert autograd.rstrip().endswith("enable_autograd()")
    autograd = autograd.rstrip().removesuffix("enable_autograd()")
    if fails:
        autograd += "def enable_autograd(quiet=True):\n    raise OSError('not today')\n"
    replace = {"layers": layers, "autograd": autograd, "__init__": "# it imports nothing\n"}
    subject, note = open_subject(replace=replace)
    assert note is None
    if fails:
        with pytest.raises(StudentCodeError, match="requires_grad"):
            answer(subject, "mlp")
        return
    found, (w1, b1, w2, b2), x = answer(subject, "mlp")
    np.testing.assert_allclose(found, np.maximum(x @ w1 + b1, 0) @ w2 + b2, rtol=1e-4, atol=1e-5)


def test_what_the_course_ships_is_never_taken_in_place_of_a_stub(tmp_path, open_subject):
    written = build.source("transformers", "E5").replace("from .", "from ..core.")
    stub = build.stub_of(build.source("transformers", "E5"), "pass")
    shipped = tmp_path / "tinytorch" / "models" / "transformer.py"
    shipped.parent.mkdir(parents=True)
    shipped.write_text(written)
    subject, _ = open_subject(replace={"transformers": stub})
    found = subject.package.find("TransformerBlock")
    assert str(found) == "module 13: TransformerBlock is still to be written"


def test_extensions_of_the_course_are_not_the_students(tmp_path, open_subject):
    extension = tmp_path / "tinytorch" / "extensions" / "fast.py"
    extension.parent.mkdir(parents=True)
    extension.write_text("class Conv2d:\n    def forward(self, x):\n        return x\n")
    subject, _ = open_subject(modules=3)
    assert str(subject.package.find("Conv2d")) == "module 09 convolutions: Conv2d not found"


def test_a_module_that_is_exported_is_never_called_unexported(tmp_path, open_subject):
    notebook = tmp_path / "modules" / "09_spatial" / "spatial.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text("{}")
    subject, _ = open_subject(replace={"spatial": "class Filter:\n    size = 3\n"})
    assert str(subject.package.find("Conv2d")) == "module 09 convolutions: Conv2d not found"


LAYERS, SPATIAL = build.source("layers", "E5"), build.source("spatial", "E5")
WITHOUT = {
    "layers": LAYERS.replace("Tensor(np.zeros(out_features)) if bias else None", "None"),
    "spatial": SPATIAL.replace("Tensor(np.zeros(out_channels)) if bias else None", "None"),
}


@pytest.mark.parametrize(("kind", "layer"), [("mlp", "Linear"), ("cnn", "Conv2d")])
def test_a_layer_without_a_bias_is_given_one(open_subject, kind, layer):
    subject, _ = open_subject(replace=WITHOUT)
    found, weights, x = answer(subject, kind)
    expected = KINDS[kind].numpy(weights)(x)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    said = f"{layer} has no bias: your Tensor adds it to the result"
    assert subject.package.remarks.count(said) == 1


def test_filters_with_the_channels_last_are_filled_as_they_lie(open_subject):
    lying = SPATIAL.replace(
        "self.weight = Tensor(np.random.standard_normal(shape) * scale)",
        "self.weight = Tensor((np.random.standard_normal(shape) * scale).transpose(2, 3, 1, 0))",
    ).replace("weight = self.weight.data", "weight = self.weight.data.transpose(3, 2, 0, 1)")
    assert lying.count("transpose(") == 2
    subject, _ = open_subject(replace={"spatial": lying})
    found, weights, x = answer(subject, "cnn")
    np.testing.assert_allclose(found, KINDS["cnn"].numpy(weights)(x), rtol=1e-3, atol=1e-4)
