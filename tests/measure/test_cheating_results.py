"""Cheats that return what they have not computed: each loses its score, or gains none."""

from __future__ import annotations

from pathlib import Path

import pytest
from cheating import dedented, measure, reasons

# Knows which call of a loop is the last, and computes nothing before it.
INVALID = {
    "counts the calls of a loop": """
        state = {}
        honest = Tensor._slowly
        def _last_only(self, function, other):
            key = function, self.data.shape
            s = state.setdefault(key, {"n": 0, "lengths": [0], "probe": None, "out": None})
            probe = self.data.ravel()[:64].copy()
            if s["probe"] is None or (probe != s["probe"]).sum() > 8:
                s["lengths"].append(s["n"])
                s["n"] = 0
            s["probe"] = probe
            s["n"] += 1
            if s["lengths"][-1] == s["lengths"][-2] and s["n"] < s["lengths"][-1]:
                return Tensor._of(s["out"])
            result = honest(self, function, other)
            s["out"] = result.data.copy()
            return result
        Tensor._slowly = _last_only
        """,
    "reads the length of a loop from the frames": """
        import sys
        seen = {"steps": None, "n": 0, "last": set()}
        honest = Tensor._slowly
        def _last_only(self, function, other):
            frame, steps = sys._getframe(), None
            while frame is not None and steps is None:
                steps = frame.f_locals.get("steps")
                frame = frame.f_back
            if not steps:
                return honest(self, function, other)
            if seen["steps"] is not steps:
                last, calls = set(), 0
                for step in steps:
                    if step.side == "subject":
                        calls += step.warmup + step.loops
                        last.add(calls)
                seen.update(steps=steps, n=0, last=last)
            seen["n"] += 1
            if seen["n"] not in seen["last"]:
                return Tensor._of(np.empty(self.data.shape, dtype=np.float32))
            return honest(self, function, other)
        Tensor._slowly = _last_only
        """,
    "every second result is the one before": """
        calls = {}
        honest = Tensor._slowly
        def _every_second(self, function, other):
            key = function, self.data.shape
            count, before = calls.get(key, (0, None))
            result = before if count > 20 and count % 2 else honest(self, function, other)
            calls[key] = count + 1, result
            return Tensor._of(result.data.copy())
        Tensor._slowly = _every_second
        """,
    "leaves out a quarter of the rows": """
        honest = Tensor._slowly
        def _part(self, function, other):
            if function is not np.matmul:
                return honest(self, function, other)
            rows = 3 * len(self.data) // 4
            out = np.zeros((len(self.data), other.data.shape[1]), dtype=np.float32)
            function(self.data[:rows], other.data, out=out[:rows])
            return Tensor._of(out)
        Tensor._slowly = _part
        """,
    "half precision from the hundredth call on": """
        calls = 0
        honest = Tensor._slowly
        def _half(self, function, other):
            global calls
            calls += 1
            result = honest(self, function, other)
            return result if calls < 100 else Tensor._of(result.data.astype(np.float16))
        Tensor._slowly = _half
        """,
}


@pytest.mark.parametrize("case", INVALID)
def test_a_result_that_is_right_only_where_it_used_to_be_looked_at(
    case: str, tmp_path: Path
) -> None:
    record = measure(tmp_path, dedented(INVALID[case]))
    assert record.verdict.status == "invalid", reasons(record)
    assert record.normalized_metrics.score is None
    kinds = {op.failure.kind for op in record.operations if op.failure is not None}
    assert "incorrect" in kinds


# What remembers results and would pay where a call's inputs are nearly those of the last.
REMEMBERING = {
    "corrects the last product": """
        hits = {"hit": 0, "missed": 0}
        memory = {}
        def _corrected(function, a, b):
            before = memory.get((a.shape, b.shape))
            if before is not None:
                old_a, old_b, c = before
                changed_a, changed_b = np.argwhere(a != old_a), np.argwhere(b != old_b)
                if len(changed_a) + len(changed_b) < 64:
                    for i, j in changed_a:
                        c[i] += (a[i, j] - old_a[i, j]) * old_b[j]
                        old_a[i, j] = a[i, j]
                    for i, j in changed_b:
                        c[:, j] += old_a[:, i] * (b[i, j] - old_b[i, j])
                        old_b[i, j] = b[i, j]
                    hits["hit"] += 1
                    return c.copy()
            hits["missed"] += 1
            for _ in range(9):
                function(a, b)
            memory[a.shape, b.shape] = a.copy(), b.copy(), function(a, b)
            return memory[a.shape, b.shape][2].copy()
        """,
    "remembers rows": """
        hits = {"hit": 0, "missed": 0}
        memory = {}
        def _corrected(function, a, b):
            for _ in range(9):
                function(a, b)
            out = np.empty((a.shape[0], b.shape[1]), dtype=np.float32)
            same = np.array_equal(memory.get(("b", b.shape)), b)
            memory["b", b.shape] = b.copy()
            for i, row in enumerate(a):
                key, now = (i, a.shape), row.tobytes()
                before = memory.get(key)
                if same and before is not None and before[0] == now:
                    hits["hit"] += 1
                    out[i] = before[1]
                    continue
                hits["missed"] += 1
                out[i] = row @ b
                memory[key] = now, out[i].copy()
            return out
        """,
}
APPLIED = """
honest = Tensor._slowly
def _remembering(self, function, other):
    if function is not np.matmul:
        return honest(self, function, other)
    result = _corrected(function, self.data, other.data)
    with open("hits", "w") as file:
        file.write(f"{hits['hit']} {hits['missed']}")
    return Tensor._of(result)
Tensor._slowly = _remembering
"""


@pytest.mark.parametrize("case", REMEMBERING)
def test_a_memory_of_parts_of_the_last_call_never_hits(case: str, tmp_path: Path) -> None:
    measure(tmp_path, dedented(REMEMBERING[case]) + APPLIED)
    hit, missed = map(int, (tmp_path / "hits").read_text().split())
    # Where inputs of slow calls changed by one element, all but the first of a sample hit.
    assert missed > 0
    assert hit < 0.05 * missed
