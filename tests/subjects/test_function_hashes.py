"""Equal hashes for equal code, whatever its words are."""

from __future__ import annotations

import pytest

from tito_bench.subjects.function_hashes import SUBSTANCE, hashed_functions

PLAIN = """
class Tensor:
    def matmul(self, other):
        rows, columns = self.data.shape[0], other.data.shape[1]
        result = np.zeros((rows, columns))
        for i in range(rows):
            for j in range(columns):
                result[i, j] = np.dot(self.data[i, :], other.data[:, j])
        if result.ndim != 2:
            raise ValueError(f"no product of {rows} and {columns}")
        return Tensor(result)
"""


def digest(source: str, name: str = "Tensor.matmul") -> str:
    found = {one.name: one for one in hashed_functions(source)}
    assert found[name].substance
    return found[name].digest


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("rows", "height"),
        ("(self, other)", "(self: 'Tensor', right: 'Tensor') -> 'Tensor'"),
        ("        rows,", '        """Multiply."""\n        # as on paper\n        rows,'),
        ("    def matmul", "    @profiled\n    def matmul"),
        ("        result =", "        result: np.ndarray =\\\n           "),
        ("        return", "        pass\n        return"),
        ("for i in range(rows):", "for i in range( rows ):  # each row"),
    ],
)
def test_words_do_not_count(before: str, after: str) -> None:
    changed = PLAIN.replace(before, after)
    if "right" in after:
        changed = changed.replace("other.", "right.")
    assert changed != PLAIN
    assert digest(changed) == digest(PLAIN)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("np.dot", "np.inner"),
        ("range(rows)", "range(columns)"),
        ("np.zeros((rows, columns))", "np.zeros((rows, columns), dtype=np.float32)"),
        ("ndim != 2", "ndim != 3"),
        ("no product", "no  product"),
        ("self.data[i, :]", "self.grad[i, :]"),
    ],
)
def test_code_counts(before: str, after: str) -> None:
    assert digest(PLAIN.replace(before, after)) != digest(PLAIN)


def test_a_functions_own_name_and_class_do_not_count() -> None:
    moved = PLAIN.replace("class Tensor:", "class Matrix:").replace("def matmul", "def product")
    assert digest(moved, "Matrix.product") == digest(PLAIN)


def test_swapped_arguments_are_another_function() -> None:
    assert digest(PLAIN.replace("(self, other)", "(other, self)")) != digest(PLAIN)


def test_what_is_short_has_no_substance() -> None:
    (one,) = hashed_functions("def forward(self, x):\n    return self.relu(self.linear(x))\n")
    assert not one.substance
    assert one.nodes < SUBSTANCE


def test_functions_below_branches_are_found_but_no_inner_ones_and_no_stand_ins() -> None:
    source = "if True:\n def f():\n  def g(): pass\ntry:\n def h(): pass\nexcept E:\n def i(): pass"
    assert [one.name for one in hashed_functions(source)] == ["f", "h"]


@pytest.mark.parametrize("source", ["def f(:", b"\xff\xfe", "\0", "(" * 3000])
def test_what_is_no_python_has_no_functions(source: str | bytes) -> None:
    assert list(hashed_functions(source)) == []


def test_every_python_gives_this_hash() -> None:
    """The data are made by one Python and read by another."""
    assert digest(PLAIN) == "a8a2c11ecf45"
