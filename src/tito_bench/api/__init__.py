"""tito-bench from Python and from notebooks: the same measurements as the command's."""

from tito_bench.api.code_alone import Bench, bench
from tito_bench.api.results import Baseline, Capstone, Comparison, Explained, History
from tito_bench.api.runs import baseline, compare, history, run_capstone, run_explain

__all__ = [
    "Baseline",
    "Bench",
    "Capstone",
    "Comparison",
    "Explained",
    "History",
    "baseline",
    "bench",
    "compare",
    "history",
    "run_capstone",
    "run_explain",
]
