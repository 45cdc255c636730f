"""Pack wheels smaller: the same files by Zopfli's deflate, which any unzip reads.

    python tools/pack_wheel.py WHEEL_OR_FOLDER...        (needs zopfli)

Each wheel, and each in a folder, is replaced by one with the same files in the same order. Zopfli
looks longer for a short deflate stream than zlib does, and folders, which other tools give entries
of their own, have none, as the standard wants it. The bytes depend on the content alone.
"""

from __future__ import annotations

import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import zopfli.zlib

__all__ = ["main", "pack"]

# PKWARE's APPNOTE, 4.3.7, 4.3.12 and 4.3.16.
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION = 20  # what it takes to read deflate
_UNIX = 3 << 8 | _VERSION  # external attributes are those of Unix
_UTF8 = 0x800


def pack(wheel: Path) -> tuple[int, int]:
    """Replace `wheel`; its size before and after. Raises ValueError where a file would differ."""
    before = wheel.stat().st_size
    packed = wheel.with_suffix(".packed")
    with zipfile.ZipFile(wheel) as archive, packed.open("wb") as out:
        files = [info for info in archive.infolist() if not info.is_dir()]
        central = [_write(out, info, archive.read(info)) for info in files]
        start = out.tell()
        out.write(b"".join(central))
        size = out.tell() - start
        out.write(_END.pack(b"PK\5\6", 0, 0, len(files), len(files), size, start, 0))
    _compare(wheel, packed)
    os.replace(packed, wheel)  # noqa: PTH105  the same on every system
    return before, wheel.stat().st_size


def _write(out: BinaryIO, info: zipfile.ZipInfo, content: bytes) -> bytes:
    """Write one file; its entry of the directory."""
    method, stream = zipfile.ZIP_DEFLATED, _deflated(content)
    if len(stream) >= len(content):
        method, stream = zipfile.ZIP_STORED, content
    year, month, day, hour, minute, second = info.date_time
    date = (year - 1980) << 9 | month << 5 | day
    time = hour << 11 | minute << 5 | second // 2
    name = info.filename.encode()
    flags = 0 if info.filename.isascii() else _UTF8
    shared = flags, method, time, date, zlib.crc32(content), len(stream), len(content), len(name), 0
    start = out.tell()
    out.write(_LOCAL.pack(b"PK\3\4", _VERSION, *shared) + name + stream)
    entry = _CENTRAL.pack(b"PK\1\2", _UNIX, _VERSION, *shared, 0, 0, 0, info.external_attr, start)
    return entry + name


def _deflated(content: bytes) -> bytes:
    """A raw deflate stream: zlib's without its header and checksum."""
    return zopfli.zlib.compress(content)[2:-4]


def _compare(first: Path, second: Path) -> None:
    with zipfile.ZipFile(first) as one, zipfile.ZipFile(second) as other:
        for name in other.namelist():
            if one.read(name) != other.read(name):
                raise ValueError(f"{second}: {name} is not what it was")


def _wheels(paths: list[str]) -> Iterator[Path]:
    for path in map(Path, paths):
        yield from sorted(path.glob("*.whl")) if path.is_dir() else [path]


def main() -> int:
    wheels = list(_wheels(sys.argv[1:]))
    for wheel in wheels:
        before, after = pack(wheel)
        print(f"{wheel.name}: {before} B, now {after} B")
    return 0 if wheels else 2


if __name__ == "__main__":
    sys.exit(main())
