"""All checks together: the facts, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from tito_bench import __version__
from tito_bench.doctor.installation import KernelFacts, check_installation
from tito_bench.doctor.project_files import check_files, check_folders
from tito_bench.doctor.scripts import Script, find_scripts, judge_scripts, own_folder
from tito_bench.doctor.sharing import SharingFacts, describe_sharing
from tito_bench.doctor.split_history import check_history
from tito_bench.doctor.subjects import PackageFacts, check_numpy, check_package
from tito_bench.errors import StoreError
from tito_bench.machine.environment import Machine, Runtime, describe_machine
from tito_bench.machine.findings import find_environment
from tito_bench.machine.fingerprint import fingerprint_of
from tito_bench.machine.installed_files import find_edited
from tito_bench.machine.probe import read_probe
from tito_bench.machine.system import System
from tito_bench.measure.worker_supervisor import Worker
from tito_bench.note import Note
from tito_bench.records.calibration import CALIBRATION, calibration_path
from tito_bench.records.project_layout import Layout
from tito_bench.records.schema import Unreadable, decode
from tito_bench.records.store import read_bytes
from tito_bench.subjects.export_state import check_exports
from tito_bench.subjects.redaction import display_path

__all__ = ["Diagnosis", "diagnose"]


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What the doctor found. Facts are null where a finding says why."""

    schema: Literal[1] = 1
    kind: Literal["diagnosis"] = "diagnosis"
    tito_bench_version: str
    machine: Machine | None
    runtime: Runtime | None
    kernels: KernelFacts | None
    package: PackageFacts | None
    scripts: list[Script]
    calibrated_at: str | None
    sharing: SharingFacts
    findings: list[Note]

    @property
    def breaks(self) -> bool:
        """Whether something keeps a measurement from being taken or kept."""
        return any(finding.severity == "breaks" for finding in self.findings)


def diagnose(
    root: Path,
    environ: Mapping[str, str],
    start_worker: Callable[[], Worker],
    now: datetime,
) -> Diagnosis:
    """Look at everything; changes nothing and raises nothing that a user can cause.

    `now` is an aware time, after which no record was made.
    """
    layout = Layout(root)
    kernels, findings = check_installation()
    whole = not findings
    findings += find_edited(measuring_only=False)
    machine = describe_machine() if whole else None
    runtime, package = None, None
    if whole:
        runtime, found = check_numpy(start_worker, root)
        findings += found
    if runtime is not None:
        findings += find_environment(read_probe(runtime, System(environ=environ)))
        package, found = check_package(start_worker, root)
        findings += found
    calibrated_at, found = _calibration(root, machine, runtime)
    findings += found
    findings += check_folders(layout)
    findings += check_files(layout, now)
    findings += check_exports(root, None)
    findings += check_history(root, environ)
    tito, tito_bench = (find_scripts(n, environ, own_folder()) for n in ("tito", "tito-bench"))
    findings += judge_scripts(tito, tito_bench)
    return Diagnosis(
        tito_bench_version=__version__,
        machine=machine,
        runtime=runtime,
        kernels=kernels,
        package=package,
        scripts=[_shown(script, root) for script in (*tito_bench, *tito)],
        calibrated_at=calibrated_at,
        sharing=describe_sharing(layout, environ),
        findings=findings,
    )


def _calibration(
    root: Path, machine: Machine | None, runtime: Runtime | None
) -> tuple[str | None, list[Note]]:
    """When this machine was calibrated; a card that cannot be read is the file check's."""
    try:
        data = read_bytes(calibration_path(root))
        card = None if data is None else decode(CALIBRATION, data, "calibration.json").value
    except (StoreError, Unreadable):
        card = None
    if card is None or machine is None or runtime is None:
        return None, []
    other = card.fingerprint.differences(fingerprint_of(machine, runtime))
    if other:
        value = f"it differs in {', '.join(other)}"
        return None, [Note("stale_calibration", "info", "calibration", value)]
    return card.created_at, []


def _shown(script: Script, root: Path) -> Script:
    return msgspec.structs.replace(script, folder=display_path(script.folder, root))
