"""The examples for operators are tried: nginx before the server, systemd's own checker."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from serving import serving
from tito_bench_server.settings import LimitSettings, ServerSettings, Settings
from tito_bench_server.store import tables
from world import CODE, World, add_course, profile_body

_DEPLOY = Path(__file__).parents[1] / "deploy"


@pytest.fixture
def proxied(tmp_path: Path, new_world: Callable[..., World]):
    """nginx with the shipped settings, on plain http, before a server that counts one hop."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    limits = LimitSettings(joins_per_hour_with_code=3)
    public = "http://community.example"
    settings = Settings(limits=limits, server=ServerSettings(proxy_hops=1, public_url=public))
    world = new_world(f"sqlite:///{tmp_path / 'c.db'}", settings=settings)
    add_course(world.services.database)
    with serving(world) as base:
        site = (_DEPLOY / "nginx.conf").read_text(encoding="utf-8")
        site = site.replace("http://127.0.0.1:8400", base)
        site = site.replace("listen 443 ssl;", f"listen unix:{tmp_path}/nginx.sock;")
        site = re.sub(r"\n\s*ssl_certificate\S*\s.*;", "", site)
        main = tmp_path / "nginx.conf"
        folders = "".join(
            f"{name}_temp_path {tmp_path}/{name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        main.write_text(
            f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;"
            f"events {{}} http {{ {folders}\n{site}\n}}"
        )
        words = [nginx, "-p", str(tmp_path), "-c", str(main), "-e", f"{tmp_path}/error.log"]
        checked = subprocess.run([*words, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        process = subprocess.Popen(words)
        try:
            while not (tmp_path / "nginx.sock").exists():
                time.sleep(0.02)
                assert process.poll() is None, (tmp_path / "error.log").read_text()
            transport = httpx.HTTPTransport(uds=str(tmp_path / "nginx.sock"))
            with httpx.Client(transport=transport, base_url="http://community.example") as client:
                yield world, client
        finally:
            process.terminate()
            process.wait(timeout=30)


def test_nginx(proxied) -> None:
    world, client = proxied
    assert client.get("/readyz").text == "ready\n"
    page = client.get(f"/c/{CODE}/")
    assert f"connect http://community.example/c/{CODE}" in page.text
    assert client.get("/metrics").status_code == 404

    def join() -> int:
        headers = {
            "Idempotency-Key": "00000000-0000-4000-8000-000000000001",
            "X-Forwarded-For": "198.51.100.9",
        }
        path = f"/c/{CODE}/api/community/join"
        return client.post(path, json=profile_body(), headers=headers).status_code

    assert join() == 202
    assert len(world.rows(tables.member)) == 1
    large = client.post(f"/c/{CODE}/api/benchmarks/submit", content=b" " * 600_000)
    assert large.status_code == 413


def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / "tito-bench-server.service"
    text = (_DEPLOY / unit.name).read_text(encoding="utf-8")
    # The checker looks whether the program is there.
    program = tmp_path / "tito-bench-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit.write_text(text.replace("/opt/tito-bench-server/bin/tito-bench-server", str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = [line for line in done.stderr.splitlines() if unit.name in line]
    assert said == []
    assert done.returncode == 0, done.stderr


def test_systemd_calls_the_exposure_low(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = _DEPLOY / "tito-bench-server.service"
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
