"""A store of objects that speaks as much of S3 as the broker asks for, and fails as it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class FailingStore:
    """Objects by path, and what the next calls are answered instead."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.fault: Callable[[str], int] = lambda _path: 0
        """Returns the status with which a call of a path fails; 0 lets it pass."""
        self.breaks_off = False
        """Whether bodies end in their middle."""
        self.calls: list[str] = []

    def fail_half(self) -> None:
        """Let every second call fail from now on."""
        self.fault = lambda _path: 500 * (len(self.calls) % 2)

    def fail(self, status: int, where: str = "") -> None:
        """Let all calls fail from now on whose path has this in it."""
        self.fault = lambda path: status if where in path else 0

    def recover(self) -> None:
        """Let all calls pass."""
        self.fault, self.breaks_off = lambda _path: 0, False


URL = "s3://bucket/prefix"


@contextmanager
def failing_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[FailingStore]:
    """Serve one; until the end of the block, what opens ``URL`` opens it."""
    store = FailingStore()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_call(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            store.calls.append(self.command)
            status = store.fault(self.path)
            if status:
                self.answer(status, b"out of order")
            elif self.command == "PUT":
                store.objects[self.path] = body
                self.answer(201, b"")
            elif self.command == "POST":
                # A list of keys to be removed: none of the tests looks whether they are.
                self.answer(200, b"<DeleteResult/>")
            elif self.path not in store.objects:
                self.answer(404, b"")
            else:
                self.answer(200, store.objects[self.path])

        do_GET = do_HEAD = do_PUT = do_POST = handle_call

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"1"')
            self.send_header("Last-Modified", "Mon, 05 Jan 2026 00:00:00 GMT")
            self.end_headers()
            if self.command == "HEAD":
                return
            if store.breaks_off and len(body) > 1:
                self.wfile.write(body[: len(body) // 2])
                self.close_connection = True
            else:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
    for name in ("AWS_ALLOW_HTTP", "AWS_SKIP_SIGNATURE"):
        monkeypatch.setenv(name, "true")
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
