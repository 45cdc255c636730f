"""The baseline suite as it is published."""

from tito_bench.workloads.baseline import BASELINE, GROUP_TITLES
from tito_bench.workloads.capstone import CAPSTONE
from tito_bench.workloads.suites import operation_named


def test_the_suite_has_the_published_operations_and_array_calls() -> None:
    published = {
        "add_100x100": (((100, 100), (100, 100)), 1),
        "mul_100x100": (((100, 100), (100, 100)), 1),
        "add_512x512": (((512, 512), (512, 512)), 1),
        "matmul_100": (((100, 100), (100, 100)), 1),
        "matmul_256": (((256, 256), (256, 256)), 1),
        "mlp_batch_256": (((256, 784),), 5),
        "mlp_batch_1": (((1, 784),), 5),
    }
    assert {op.name: (op.inputs, op.dispatch_calls) for op in BASELINE} == published


def test_all_but_the_single_row_are_scored_in_three_titled_groups() -> None:
    assert [op.name for op in BASELINE if not op.scored] == ["mlp_batch_1"]
    assert list(dict.fromkeys(op.group for op in BASELINE)) == list(GROUP_TITLES)


def test_operations_are_found_by_their_name() -> None:
    assert [operation_named(op.name) for op in BASELINE] == list(BASELINE)


def test_no_two_operations_of_all_suites_share_a_name() -> None:
    names = [op.name for op in (*BASELINE, *CAPSTONE)]
    assert len(set(names)) == len(names)
