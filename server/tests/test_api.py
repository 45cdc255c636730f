"""docs/api.yaml says what the server really does: generated requests, checked answers.

`SCHEMATHESIS_CASES=2000 python -m pytest tests/test_api.py` makes so many cases an
operation; here a bounded number.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from serving import serving
from world import CODE, World, add_course, add_members, new_key, profile_body

KEY = new_key()
_CASES = int(os.environ.get("SCHEMATHESIS_CASES", "60"))
_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_API = Path(__file__).resolve().parents[2] / "docs" / "api.yaml"


def _description() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(_API.read_text(encoding="utf-8"))
    found["servers"] = [{"url": f"http://testserver/c/{CODE}"}]
    return found


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A course with a release, served on loopback."""
    if request.param == "sqlite":
        world = World(f"sqlite:///{tmp_path_factory.mktemp('api') / 'community.db'}")
    else:
        world = World(request.getfixturevalue("cluster").new_database())
    add_course(world.services.database)
    add_members(world.services.database, [{"country": "KE"}] * 40, joined=world.day)
    world.post("join", profile_body(), key=KEY)
    world.pass_days(3)
    world.release()
    with serving(world) as base:
        yield f"{base}/c/{CODE}"
    world.close()


_SCHEMA = schemathesis.openapi.from_dict(yaml.safe_load(_API.read_text(encoding="utf-8")))
_OPERATIONS = {one.ok().label: one.ok() for one in _SCHEMA.get_all_operations()}


def test_every_operation_is_tried() -> None:
    assert len(_OPERATIONS) == 33


_STREAM = "GET /api/community/events"  # has no end; see peers/test_live.py
_WITHOUT_INPUT = {  # nothing to get wrong
    *(f"GET /api/community/{name}" for name in ("about", "stats")),
}
_TRIED = [
    (label, mode)
    for label in sorted(set(_OPERATIONS) - {_STREAM})
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or label not in _WITHOUT_INPUT
]


@pytest.mark.parametrize(("label", "mode"), _TRIED, ids=lambda one: str(getattr(one, "value", one)))
def test_every_answer_is_documented(address: str, label: str, mode: GenerationMode) -> None:
    @given(data=st.data(), as_member=st.booleans())
    @settings(max_examples=_CASES, deadline=None, suppress_health_check=list(HealthCheck))
    def check(data: st.DataObject, as_member: bool) -> None:
        case = data.draw(_OPERATIONS[label].as_strategy(generation_mode=mode))
        if as_member:
            case.headers["Authorization"] = f"Bearer {KEY}"
        response = case.call(base_url=address)
        case.validate_response(response, checks=_CHECKS)

    check()
