"""A stream of events is heard as it comes, and its end or refusal ends the listening."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from tito_bench.website.client import Client
from tito_bench.website.network_policy import parse_address

KEY = "tbk_" + "k" * 43
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_EVENT = b'data: {"inbox":1}\n\n'


def _chunk(part: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(part), part)


@pytest.fixture
def served() -> Iterator[Callable[..., Client]]:
    """A server that says these bytes, and then nothing until the test is over."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def serve(said: bytes, *, ends: bool) -> Client:
        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(said)
                if not ends:
                    over.wait(20)

        threads.append(threading.Thread(target=answer))
        threads[-1].start()
        return Client(parse_address(f"http://127.0.0.1:{listener.getsockname()[1]}"))

    yield serve
    over.set()
    for thread in threads:
        thread.join()
    listener.close()


def test_a_small_event_is_heard_while_the_stream_stays_open(served):
    client = served(_HEAD + _chunk(b": beat\n\n") + _chunk(_EVENT), ends=False)
    assert next(client.listen("/events", KEY)) is None


@pytest.mark.parametrize(
    "said",
    [
        _HEAD + _chunk(_EVENT) + b"0\r\n\r\n",
        _HEAD + _chunk(_EVENT),  # broken off
    ],
)
def test_the_end_of_the_stream_ends_the_listening(served, said):
    assert list(served(said, ends=True).listen("/events", KEY)) == [None]


@pytest.mark.parametrize("status", [b"503 Busy", b"401 No", b"302 Found"])
def test_a_refusal_is_no_event(served, status):
    said = b"HTTP/1.1 " + status + b"\r\nContent-Length: 18\r\n\r\n" + _EVENT
    assert list(served(said, ends=True).listen("/events", KEY)) == []
