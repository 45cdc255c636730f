"""What of the course a package has."""

from __future__ import annotations

from tito_bench.subjects.inventory import take_inventory


def test_a_package_that_stops_at_module_03(tmp_path, build_package, open_package):
    build_package(tmp_path, "E5", modules=3)
    inventory = take_inventory(open_package(tmp_path))
    assert [module.number for module in inventory] == list(range(1, 21))
    assert inventory[2].title == "layers"
    assert inventory[2].files["Linear"] == "tinytorch/core/layers.py"
    assert inventory[2].missing == {}
    assert inventory[8].files == {}
    assert inventory[8].missing["Conv2d"] == "module 09 convolutions: Conv2d not found"


def test_errors_in_one_module_are_its_own(tmp_path, build_package, open_package):
    build_package(tmp_path, "E5", replace={"spatial": "import scipy_not_there\n"})
    inventory = take_inventory(open_package(tmp_path))
    assert inventory[8].missing["Conv2d"] == (
        "module 09 convolutions: Conv2d cannot be imported: "
        "tinytorch/core/spatial.py:1: needs scipy_not_there, which is not installed: "
        "install it where tito-bench is installed"
    )
    assert inventory[9].files["CharTokenizer"] == "tinytorch/core/tokenization.py"
    assert inventory[19].files["SimpleMLP"] == "tinytorch/olympics.py"


def test_what_is_exported_is_told_from_what_is_not_and_from_what_is_a_stub(
    tmp_path, build_package, open_package
):
    stub = "class Conv2d:\n    def forward(self, x):\n        pass\n"
    replace = {"spatial": stub, "tokenization": "class Other:\n    pass\n"}
    modules = ["tensor", "spatial", "tokenization"]
    build_package(tmp_path, "E5", modules=modules, replace=replace)
    inventory = {module.number: module for module in take_inventory(open_package(tmp_path))}
    assert (inventory[1].file, inventory[1].unwritten) == ("tinytorch/core/tensor.py", ())
    assert (inventory[9].files, inventory[9].unwritten) == ({}, ("Conv2d",))
    assert inventory[9].missing["Conv2d"] == "module 09: Conv2d is still to be written"
    assert (inventory[10].files, inventory[10].file) == ({}, "tinytorch/core/tokenization.py")
    assert inventory[11].file is None
