"""Lambda's Runtime API for one process: hands it events, and takes what it streams back.

The protocol that custom runtimes speak on AWS: `next`, `response` in chunks with a prelude, the two
trailers of an error in mid-stream, `error`, `init/error`.
"""

import base64
import json
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local import cloud_time
from local.emulator.answers_in_time import next_of

_BASE = "/2018-06-01/runtime"
_END_OF_PRELUDE = b"\0" * 8
_ERROR_TYPE, _ERROR_BODY = (
    "Lambda-Runtime-Function-Error-Type",
    "Lambda-Runtime-Function-Error-Body",
)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a response; ``error`` is that of the function, in Lambda's shape."""

    error: Json | None = None


@dataclass(slots=True)
class Invocation:
    """One event, and what came back of its response so far."""

    request_id: str
    event: Any
    headers: dict[str, str]
    frames: queue.Queue[bytes | Ended] = field(default_factory=queue.Queue)

    def prelude(self, timeout: float) -> tuple[Json, bytes] | Ended:
        """Return status and headers, and the first bytes of the body; or how it ended before.

        Raise ``queue.Empty`` after ``timeout`` seconds.
        """
        until, begun = cloud_time.now() + timeout, b""
        while _END_OF_PRELUDE not in begun:
            frame = next_of(self.frames, max(0.0, until - cloud_time.now()))
            if isinstance(frame, Ended):
                return frame
            begun += frame
        head, _, rest = begun.partition(_END_OF_PRELUDE)
        return json.loads(head), rest

    def parts(self, timeout: float) -> Iterator[bytes | Ended]:
        """Yield the body's chunks as they arrive, and how it ended."""
        until = cloud_time.now() + timeout
        while True:
            frame = next_of(self.frames, max(0.0, until - cloud_time.now()))
            yield frame
            if isinstance(frame, Ended):
                return


class RuntimeApi:
    """A server on loopback; ``starts`` gets ``None`` once the process is ready, or its error."""

    def __init__(self) -> None:
        self.starts: queue.Queue[Json | None] = queue.Queue()
        self.taken: dict[str, Invocation] = {}
        self._events: queue.Queue[Invocation | None] = queue.Queue()
        self._lost: Json | None = None
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    def put(self, event: Any, request_id: str, *, seconds: float, **headers: str) -> Invocation:
        """Give the process an event; ``seconds`` is how long it may take."""
        described = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + seconds) * 1000)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        invocation = Invocation(request_id, event, described)
        self._events.put(invocation)
        return invocation

    def take(self) -> Invocation | None:
        """Wait for an event, as the process does; ``None`` once the server is closed."""
        self.starts.put(None)
        invocation = self._events.get()
        if invocation is not None:
            self.taken[invocation.request_id] = invocation
            if self._lost:
                self.lose(self._lost)
        return invocation

    def lose(self, error: Json) -> None:
        """End what is under way, and what comes: the process has died."""
        self._lost = error
        for invocation in list(self.taken.values()):
            invocation.frames.put(Ended(error))
        self.taken.clear()

    def close(self) -> None:
        """Stop serving."""
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    api: RuntimeApi


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        if self.path != f"{_BASE}/invocation/next":
            self._answer(404)
            return
        invocation = self.server.api.take()
        if invocation is None:
            self.close_connection = True
            return
        self._answer(200, json.dumps(invocation.event).encode(), invocation.headers)

    def do_POST(self) -> None:
        if self.path == f"{_BASE}/init/error":
            self.server.api.starts.put(json.loads(self._body()))
            self._answer(202)
            return
        request_id, _, what = self.path.removeprefix(f"{_BASE}/invocation/").partition("/")
        invocation = self.server.api.taken.get(request_id)
        if invocation is None:
            self._answer(404)
        elif what == "error":
            self._ended(invocation, Ended(json.loads(self._body())))
        else:
            self._stream(invocation)

    def _stream(self, invocation: Invocation) -> None:
        while size := int(self.rfile.readline(), 16):
            invocation.frames.put(self.rfile.read(size))
            self.rfile.readline()
        trailers: dict[str, str] = {}
        while line := self.rfile.readline().strip():
            name, _, value = line.decode().partition(":")
            trailers[name] = value.strip()
        told = trailers.get(_ERROR_BODY)
        error = json.loads(base64.b64decode(told)) if told else None
        self.close_connection = True
        self._ended(invocation, Ended(error))

    def _ended(self, invocation: Invocation, end: Ended) -> None:
        self.server.api.taken.pop(invocation.request_id, None)
        self._answer(202)
        invocation.frames.put(end)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _answer(
        self, status: int, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the function's log is its own."""
