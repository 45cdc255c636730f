"""Names of the package, whatever its modules do when imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tito_bench.errors import SubjectError
from tito_bench.subjects.discovery import PackageLocation, locate_package
from tito_bench.subjects.missing import Missing
from tito_bench.subjects.package import Found, Package

SOURCE = Path(__file__).parents[2] / "src"


@pytest.mark.parametrize("era", ["E1", "E2", "E3", "E4", "E5"])
@pytest.mark.parametrize("place", [".", "srcs"])
def test_complete_package_of_each_era(tmp_path, build_package, open_package, era, place):
    folder = build_package(tmp_path / place, era)
    package = open_package(tmp_path)
    found = package.find("Linear")
    assert isinstance(found, Found)
    assert found.module == "tinytorch.core.layers"
    assert found.file == folder / "core" / "layers.py"
    assert package.require("Linear")(2, 3).weight.shape == (2, 3)
    assert package.problems == ()
    assert package.version == "0.1.0"


@pytest.mark.parametrize("era", ["E1", "E2", "E3", "E4", "E5"])
def test_module_01_alone_is_measurable(tmp_path, build_package, open_package, era):
    build_package(tmp_path, era, modules=1)
    package = open_package(tmp_path)
    assert package.require("Tensor")([1, 2]).shape == (2,)
    missing = package.find("Linear")
    assert isinstance(missing, Missing)
    assert (missing.name, missing.module_number) == ("Linear", 3)
    assert str(missing) == "module 03 layers: Linear not found"
    with pytest.raises(Missing, match=r"^module 02 activations: ReLU not found$"):
        package.require("ReLU")
    assert package.files == {"Tensor": "tinytorch/core/tensor.py"}
    assert package.version == "0.1.0"


def test_a_partial_package_without_guards_cannot_be_imported_whole(
    tmp_path, build_package, open_package
):
    build_package(tmp_path, "E1", modules=1)
    package = open_package(tmp_path)
    package.require("Tensor")
    (problem,) = package.problems
    assert problem == (
        "import tinytorch fails: tinytorch/__init__.py:3: "
        "needs tinytorch.core.activations, which is not exported yet "
        "(its modules were tried one by one)"
    )


def test_names_set_to_none_are_missing(tmp_path, build_package, open_package):
    build_package(tmp_path, "E3", replace={"layers": "Linear = None\nLayer = Dropout = None\n"})
    missing = open_package(tmp_path).find("Linear")
    assert str(missing) == "module 03 layers: Linear not found"


BROKEN = {
    "SyntaxError": ("x = 1\nclass Linear(:\n", "tinytorch/core/layers.py:2: SyntaxError: "),
    "NameError": (
        "\n\nclass Linear(Leyer):\n    pass\n",
        "tinytorch/core/layers.py:3: NameError: name 'Leyer' is not defined",
    ),
    "exit": (
        "import sys\nsys.exit(4)\n",
        "tinytorch/core/layers.py:2: the code called exit(4)",
    ),
    "scipy": (
        "import scipy_that_is_not_there.signal\n",
        "tinytorch/core/layers.py:1: needs scipy_that_is_not_there, which is not installed",
    ),
    "missing sibling": (
        "from tinytorch.core.base import Layer\n",
        "tinytorch/core/layers.py:1: needs tinytorch.core.base, which is not exported yet",
    ),
    "assertion": ("assert 1 == 2\n", "tinytorch/core/layers.py:1: AssertionError"),
    "deeper": (
        "def f():\n    return {}['w']\nf()\n",
        "tinytorch/core/layers.py:2: KeyError: 'w'",
    ),
    "group": ("raise BaseExceptionGroup('g', [SystemExit()])\n", "BaseExceptionGroup: g"),
    "interrupt": ("raise KeyboardInterrupt\n", "tinytorch/core/layers.py:1: KeyboardInterrupt"),
    "null byte": ("x = 1\n\0\n", "tinytorch/core/layers.py"),
}


@pytest.mark.parametrize("era", ["E1", "E5"])
@pytest.mark.parametrize("kind", BROKEN)
def test_one_broken_module_leaves_the_others(tmp_path, build_package, open_package, era, kind):
    text, line = BROKEN[kind]
    build_package(tmp_path, era, replace={"layers": text})
    package = open_package(tmp_path)
    missing = package.find("Linear")
    assert isinstance(missing, Missing)
    assert str(missing).startswith("module 03 layers: Linear cannot be imported: ")
    assert line in str(missing)
    assert "\n" not in str(missing)
    assert str(tmp_path) not in str(missing)
    assert callable(package.require("Tensor"))
    assert callable(package.require("ReLU"))


def test_an_error_in_a_module_it_needs_names_that_module(tmp_path, build_package, open_package):
    build_package(tmp_path, "E3", replace={"tensor": "class Tensor:\n  pass\nTenor\n"})
    package = open_package(tmp_path)
    for name, title in (("Tensor", "module 01 tensor"), ("Linear", "module 03 layers")):
        assert str(package.find(name)) == (
            f"{title}: {name} cannot be imported: "
            "tinytorch/core/tensor.py:3: NameError: name 'Tenor' is not defined"
        )


def test_broken_init_is_replaced_by_an_empty_one_and_said(tmp_path, build_package, open_package):
    init = (
        '__version__ = "0.9"\nfrom .core.tensor import Tensor\nimport tinytorch.core.tensor\n1/0\n'
    )
    build_package(tmp_path, "E3", replace={"__init__": init})
    package = open_package(tmp_path)
    assert package.find("Linear").module == "tinytorch.core.layers"
    (problem,) = package.problems
    assert problem == (
        "import tinytorch fails: tinytorch/__init__.py:4: ZeroDivisionError: division by zero "
        "(its modules were tried one by one)"
    )
    assert package.version == "0.9"
    # Student code that walks down by attribute still gets there, to one Tensor only.
    loaded = sys.modules["tinytorch"].core.tensor.Tensor
    assert loaded is package.require("Tensor") is sys.modules["tinytorch.core.layers"].Tensor


def test_one_cause_is_one_problem(tmp_path, build_package, open_package):
    build_package(tmp_path, "E1", replace={"layers": "Layer = Leyer\n"})
    package = open_package(tmp_path)
    package.find("Linear")
    (problem,) = package.problems
    assert problem == (
        "import tinytorch, tinytorch.core.layers fails: tinytorch/core/layers.py:1: "
        "NameError: name 'Leyer' is not defined (its modules were tried one by one)"
    )


def test_broken_init_of_a_subfolder(tmp_path, build_package, open_package):
    folder = build_package(tmp_path, "E3")
    (folder / "core" / "__init__.py").write_text("import nothing_such")
    package = open_package(tmp_path)
    assert callable(package.require("Linear"))
    assert (
        "import tinytorch.core fails: tinytorch/core/__init__.py:1: "
        "needs nothing_such, which is not installed: install it where tito-bench is installed"
        in package.problems
    )
    assert sys.modules["tinytorch"].core is sys.modules["tinytorch.core"]
    assert sys.modules["tinytorch"].core.tensor.Tensor is package.require("Tensor")


def test_package_without_any_init(tmp_path, build_package, open_package):
    folder = build_package(tmp_path, "E3")
    (folder / "__init__.py").unlink()
    (folder / "core" / "__init__.py").unlink()
    package = open_package(tmp_path)
    assert callable(package.require("Linear"))
    assert package.version is None


def test_a_name_in_an_unheard_of_file_is_found(tmp_path, build_package, open_package):
    folder = build_package(tmp_path, "E5", modules=["tensor", "activations"])
    (folder / "nn").mkdir()
    (folder / "nn" / "test_all.py").write_text("class Linear:\n    wrong = True\n")
    (folder / "nn" / "weighted.py").write_text(
        "class Linear:\n    def forward(self, x):\n        return x\n"
    )
    found = open_package(tmp_path).find("Linear")
    assert found.module == "tinytorch.nn.weighted"


def test_a_module_of_that_name_is_not_the_thing(tmp_path, build_package, open_package):
    init = "from . import Linear\n"
    folder = build_package(tmp_path, "E5", modules=2, replace={"__init__": init})
    (folder / "Linear.py").write_text("")
    assert isinstance(open_package(tmp_path).find("Linear"), Missing)


def test_a_decorated_function_is_where_it_is_written(tmp_path, build_package, open_package):
    folder = build_package(
        tmp_path,
        "E5",
        replace={
            "attention": "from tinytorch.timed import timed\n\n"
            "@timed\ndef scaled_dot_product_attention():\n    pass\n"
        },
    )
    (folder / "timed.py").write_text(
        "import functools\n\ndef timed(f):\n    @functools.wraps(f)\n"
        "    def wrapper():\n        return f()\n    return wrapper\n"
    )
    found = open_package(tmp_path).find("scaled_dot_product_attention")
    assert found.file == folder / "core" / "attention.py"


def test_a_name_only_the_package_itself_has_is_found_with_its_real_file(
    tmp_path, build_package, open_package
):
    (tmp_path / "mymodules.py").write_text(
        "class Linear:\n    def forward(self, x):\n        return x\n"
    )
    init = "from mymodules import Linear\n"
    build_package(tmp_path, "E5", modules=1, replace={"__init__": init})
    try:
        found = open_package(tmp_path).find("Linear")
    finally:
        sys.modules.pop("mymodules", None)
    assert found.module == "tinytorch"
    assert found.file == tmp_path / "mymodules.py"


def test_modules_and_objects_that_resist_inspection(tmp_path, build_package, open_package):
    build_package(
        tmp_path,
        "E5",
        replace={
            "layers": "def __getattr__(name):\n    raise RuntimeError(name)\n",
            "activations": "class Odd:\n"
            "    def __getattr__(self, name):\n        raise RuntimeError(name)\n"
            "ReLU = Odd()\n",
        },
    )
    package = open_package(tmp_path)
    assert str(package.find("Linear")) == "module 03 layers: Linear not found"
    assert package.find("ReLU").file == tmp_path / "tinytorch" / "core" / "activations.py"


def test_nothing_is_written_into_the_students_tree(
    tmp_path, build_package, open_package, monkeypatch
):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    build_package(tmp_path, "E5")
    before = sorted(tmp_path.rglob("*"))
    with open_package(tmp_path) as package:
        package.require("Linear")
        assert sorted(tmp_path.rglob("*")) == before
    assert not sys.dont_write_bytecode


def test_another_tinytorch_imported_before_does_not_stay(tmp_path, build_package, open_package):
    build_package(tmp_path / "other", "E3", version="6.6.6")
    build_package(tmp_path / "mine", "E3", version="0.1.1")
    other = open_package(tmp_path / "other")
    assert other.require("Tensor").__module__ == "tinytorch.core.tensor"
    mine = open_package(tmp_path / "mine")
    assert mine.version == "0.1.1"
    assert mine.files == {}
    assert mine.find("Tensor").file.is_relative_to(tmp_path / "mine")


def test_a_module_from_elsewhere_is_refused(tmp_path, build_package, open_package):
    foreign = tmp_path / "venv" / "site-packages" / "tinytorch"
    foreign.mkdir(parents=True)
    (foreign / "tensor.py").write_text("class Tensor:\n    pass\n")
    folder = build_package(tmp_path / "project", "E3")
    (folder / "core" / "__init__.py").write_text(f"__path__.insert(0, {str(foreign)!r})\n")
    init = "import tinytorch.core\n"
    (folder / "__init__.py").write_text(init)
    with pytest.raises(SubjectError) as caught:
        open_package(tmp_path / "project").find("Tensor")
    assert str(caught.value) == (
        "tinytorch.core.tensor was imported from site-packages/tinytorch/tensor.py, "
        "not from tinytorch"
    )


def test_installed_unrelated_tinytorch_does_not_win(tmp_path, build_package):
    """In a process of its own: PYTHONPATH puts the other one before everything."""
    site = tmp_path / "site-packages"
    (site / "tinytorch" / "core").mkdir(parents=True)
    for name in ("__init__.py", "core/__init__.py", "core/tensor.py"):
        (site / "tinytorch" / name).write_text("raise RuntimeError('the wrong tinytorch')\n")
    folder = build_package(tmp_path / "project", "E3")
    script = (
        "import pathlib, sys\n"
        "from tito_bench.subjects.discovery import locate_package\n"
        "from tito_bench.subjects.package import Package\n"
        "package = Package(locate_package(pathlib.Path(sys.argv[1])))\n"
        "print(package.find('Tensor').file, package.problems)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "project")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(site), str(SOURCE)))},
        cwd=site,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == f"{folder / 'core' / 'tensor.py'} ()\n"


def test_fingerprint_follows_the_sources_found(tmp_path, build_package, open_package):
    prints = []
    for number, text in enumerate(("class Linear: a = 1\n", "class Linear: a = 2\n") * 2):
        root = tmp_path / str(number)
        build_package(root, "E3", replace={"layers": text})
        package = open_package(root)
        assert package.fingerprint() is None
        package.find("Linear")
        prints.append(package.fingerprint())
        package.close()
    assert prints[:2] == prints[2:]
    assert prints[0] != prints[1]
    assert all(len(value) == 16 for value in prints)


def test_fingerprint_follows_whatever_was_imported(tmp_path, build_package, open_package):
    prints = []
    for number, text in enumerate(("FACTOR = 1\n", "FACTOR = 2\n")):
        root = tmp_path / str(number)
        layers = "from tinytorch.core.losses import FACTOR\nclass Linear: a = 1\n"
        build_package(root, "E3", replace={"layers": layers, "losses": text})
        package = open_package(root)
        package.find("Linear")
        prints.append(package.fingerprint())
        package.close()
    assert prints[0] != prints[1]


def test_version_from_pyproject(tmp_path, build_package, open_package):
    build_package(tmp_path / "src", "E3", version=None)
    package = open_package(tmp_path)
    assert package.version is None
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "tinytorch"\nversion = "0.1.10"\n')
    assert package.version == "0.1.10"
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "other"\nversion = "3"\n')
    assert package.version is None


def test_the_block_form_puts_the_interpreter_back(tmp_path, build_package):
    build_package(tmp_path, "E3")
    location = locate_package(tmp_path)
    assert isinstance(location, PackageLocation)
    before = sys.meta_path[:], sys.path[:]
    with Package(location) as package:
        package.require("Tensor")
        assert "tinytorch" in sys.modules
    assert (sys.meta_path, sys.path) == before
    assert "tinytorch" not in sys.modules


def test_an_unknown_name_is_our_mistake(tmp_path, build_package, open_package):
    build_package(tmp_path, "E3")
    with pytest.raises(KeyError):
        open_package(tmp_path).find("Nonsense")
