"""Definitions are found in sources without running them."""

from __future__ import annotations

import pytest

from tito_bench.subjects.scanning import modules_defining

CLASS = "class Linear:\n    pass\n"


def found(folder, **sources):
    package = folder / "tinytorch"
    for path, text in sources.items():
        file = package.joinpath(*path.split("__")).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return list(modules_defining(package, "Linear"))


def test_classes_and_functions_in_order_of_path(tmp_path):
    sources = {
        "nn__b": CLASS,
        "nn__a": "def Linear():\n    pass\n",
        "zoo": "class LinearOne: ...\n",
    }
    assert found(tmp_path, **sources) == ["tinytorch.nn.a", "tinytorch.nn.b"]


@pytest.mark.parametrize(
    "text",
    [
        '"""Doc."""\nimport numpy\nx = 1\ntry:\n    import y\nexcept ImportError:\n    y = None\n',
        "print('layers loaded')\n",
        "if __name__ == '__main__':\n    train()\n",
        "from tinytorch.core.autograd import enable_autograd\nenable_autograd(quiet=True)\n",
        "def patch():\n    pass\npatch()\ndel patch\n",
        "import numpy as np\nimport sys\nnp.random.seed(0)\nsys.path.insert(0, '..')\n",
    ],
)
def test_what_a_module_may_hold_beside(tmp_path, text):
    assert found(tmp_path, a=text + CLASS) == ["tinytorch.a"]


@pytest.mark.parametrize(
    "text",
    ["for epoch in range(10):\n    pass\n", "train()\n", "while True:\n    pass\n",
     "with open('x') as f:\n    pass\n", "raise SystemExit\n",
     "def main():\n    pass\nmain()\n", "from x import train_all\ntrain_all(10)\n",
     "import x\nx.Trainer().fit(1)\n", "import x\nx.run_tests()\n"],
)  # fmt: skip
def test_scripts_are_left_alone(tmp_path, text):
    assert found(tmp_path, a=CLASS + text) == []


def test_tests_private_and_broken_files_are_left_out(tmp_path):
    sources = {
        "test_linear": CLASS,
        "tests__linear": CLASS,
        "_old": CLASS,
        "broken": CLASS + "def f(:\n",
        "03_layers": CLASS,
        "nested": f"if True:\n    {CLASS.splitlines()[0]} pass\n",
    }
    assert found(tmp_path, **sources) == []
