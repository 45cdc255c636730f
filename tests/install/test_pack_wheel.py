"""tools/pack_wheel.py: a smaller archive with the same files."""

import importlib.util
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "pack_wheel.py"
FILES = {
    "a/one.py": b"x = 1\n" * 500,
    "a/two.bin": bytes(range(256)),  # deflate makes this longer
    "a/empty.py": b"",
    "a/Zoë.txt": b"text",
}


@pytest.fixture(scope="module")
def tool():
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("zopfli switches the GIL on, for all tests that follow")
    pytest.importorskip("zopfli")
    spec = importlib.util.spec_from_file_location("pack_wheel", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.mkdir("a")
        for name, content in FILES.items():
            info = zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6))
            info.external_attr = 0o100755 << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return path


def test_the_same_files_without_folders(tool, wheel: Path) -> None:
    before, after = tool.pack(wheel)
    assert after == wheel.stat().st_size < before
    assert list(wheel.parent.iterdir()) == [wheel]
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == FILES
        for info in archive.infolist():
            assert info.date_time == (2026, 1, 2, 3, 4, 6)
            assert info.external_attr == 0o100755 << 16
            assert info.compress_size <= info.file_size


def test_only_methods_that_every_installer_knows(tool, wheel: Path) -> None:
    tool.pack(wheel)
    with zipfile.ZipFile(wheel) as archive:
        methods = {info.filename: info.compress_type for info in archive.infolist()}
    assert methods["a/one.py"] == zipfile.ZIP_DEFLATED
    assert methods["a/two.bin"] == zipfile.ZIP_STORED


def test_packed_again_the_bytes_are_the_same(tool, wheel: Path) -> None:
    tool.pack(wheel)
    first = wheel.read_bytes()
    tool.pack(wheel)
    assert wheel.read_bytes() == first


def test_a_wheel_that_would_differ_is_left_alone(tool, wheel: Path, monkeypatch) -> None:
    first = wheel.read_bytes()
    monkeypatch.setattr(tool, "_deflated", lambda content: tool.zopfli.zlib.compress(b"x")[2:-4])
    with pytest.raises((ValueError, zipfile.BadZipFile)):
        tool.pack(wheel)
    assert wheel.read_bytes() == first


def test_every_platform_packs_what_it_repaired() -> None:
    pyproject = Path(__file__).parents[2] / "pyproject.toml"
    settings = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["cibuildwheel"]
    tools = {"linux": "auditwheel", "macos": "delocate", "windows": "delvewheel"}
    for platform, tool in tools.items():
        repair, pack = settings[platform]["repair-wheel-command"]
        assert repair.startswith(tool)
        assert pack == "python {project}/tools/pack_wheel.py {dest_dir}"
