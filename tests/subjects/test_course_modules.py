"""The table of names against the layouts of the eras."""

from __future__ import annotations

import pytest

from packages import build
from tito_bench.subjects.course_modules import COURSE_MODULES, LAYOUTS, layout_of


def test_twenty_modules_in_order_with_unique_names():
    assert [module.number for module in COURSE_MODULES] == list(range(1, 21))
    names = [name for module in COURSE_MODULES for name in module.names]
    assert len(names) == len(set(names)) == len(LAYOUTS)


def test_every_path_is_in_the_package_and_unique():
    paths = [path for module in COURSE_MODULES for path in module.paths]
    assert len(paths) == len(set(paths))
    assert all(path.startswith("tinytorch.") for path in paths)


def test_a_module_is_shown_by_number_and_title():
    assert str(layout_of("Linear")) == "module 03 layers"
    with pytest.raises(KeyError):
        layout_of("Nonsense")


def test_every_path_of_every_era_is_known():
    known = {path for module in COURSE_MODULES for path in module.paths}
    for era in build.ERAS:
        for name in build.MODULES:
            assert build.module_name(name, era) in known, (era, name)
