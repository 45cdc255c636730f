"""A package index on the loopback, with the files of a release in it (PEP 503)."""

import re
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

__all__ = ["package_index"]

_NEEDS = 'data-requires-python="&gt;=3.11"'


@contextmanager
def package_index(folder: Path, files: Iterable[Path]) -> Iterator[str]:
    """Serve the wheels and sdists `files` from `folder`; yield the address of the index."""
    links: dict[Path, str] = {}
    for file in files:
        page = folder / re.sub(r"[-_.]+", "-", file.name.partition("-")[0]).lower()
        page.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, page)
        links[page] = links.get(page, "") + f'<a href="{file.name}" {_NEEDS}>{file.name}</a>\n'
    for page, found in links.items():
        (page / "index.html").write_text(f"<!DOCTYPE html><html><body>{found}</body></html>")
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        """Say nothing of requests."""
