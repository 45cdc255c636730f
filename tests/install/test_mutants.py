"""tools/mutants.py: its lists fit the code as it is. Whether a mutant dies, it says itself."""

import ast
import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "tools"


@pytest.fixture(scope="module")
def mutants():
    if not TOOLS.exists():
        pytest.skip("no source tree")
    sys.path.insert(0, str(TOOLS))
    try:
        spec = importlib.util.spec_from_file_location("mutants", TOOLS / "mutants.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules["mutants"] = module  # its dataclass looks itself up there
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(TOOLS))
    return module


def test_every_mutant_changes_its_file_in_one_place(mutants):
    for mutant in mutants.read_mutants(mutants.MUTANTS):
        text = (ROOT / mutant.file).read_text(encoding="utf-8")
        assert mutants.mutate(text, mutant) != text


def test_every_test_that_must_see_a_mutant_exists(mutants):
    for mutant in mutants.read_mutants(mutants.MUTANTS):
        for test in mutant.tests:
            path, _, name = test.partition("::")
            assert (ROOT / path).exists(), test
            if name:
                tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
                functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
                assert name.partition("[")[0] in functions, test


MUTANT = {"name": "n", "file": "src/a.py", "old": "one", "new": "two", "tests": ("tests/t.py",)}


@pytest.mark.parametrize(
    ("text", "change", "said"),
    [
        ("three", {}, "stands 0 times"),
        ("one one", {}, "stands 2 times"),
        ("one", {"new": "one"}, "changes nothing"),
    ],
)
def test_a_place_that_is_not_there_once_is_a_mistake(mutants, text, change, said):
    with pytest.raises(mutants.Mistake, match=said):
        mutants.mutate(text, mutants.Mutant(**{**MUTANT, **change}))


def test_mutants_are_chosen_by_file_and_by_name(mutants, monkeypatch):
    made = [mutants.Mutant(**{**MUTANT, "file": f"src/{f}", "name": f}) for f in ("a.py", "b.c")]
    monkeypatch.setattr(mutants, "changed_files", lambda commit: iter(["src/b.c", "x.md"]))
    assert mutants.choose(made, None, None, None) == made
    assert mutants.choose(made, "src/*.py", None, None) == made[:1]
    assert mutants.choose(made, None, "b*", None) == made[1:]
    assert mutants.choose(made, None, None, "main") == made[1:]


def test_a_list_that_leaves_something_out_is_a_mistake(mutants, tmp_path):
    entry = 'name = "n"\nfile = "f"\nold = "o"\nnew = "w"\n'
    (tmp_path / "a.toml").write_text(f"[[mutant]]\n{entry}")
    with pytest.raises(mutants.Mistake, match="needs exactly"):
        mutants.read_mutants(tmp_path)
    (tmp_path / "a.toml").write_text(f'[[mutant]]\n{entry}tests = ["t"]\n' * 2)
    with pytest.raises(mutants.Mistake, match="two mutants with one name"):
        mutants.read_mutants(tmp_path)


def test_what_saw_a_mutant_is_read_from_what_pytest_says(mutants):
    said = "1 failed\nFAILED tests/a.py::test_b[c d] - assert 1\nERROR tests/e.py\nFAILED_ x\n"
    assert mutants._failed(said) == ["tests/a.py::test_b[c d]", "tests/e.py"]
