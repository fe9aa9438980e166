"""The HTTP server: finds the provider, applies the script, keeps the journal."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local import cloud_time
from local.simulator import admin
from local.simulator.anthropic import Anthropic
from local.simulator.bedrock import Bedrock
from local.simulator.embeddings import Embeddings
from local.simulator.exchange import Exchange
from local.simulator.guardrail import Guardrails
from local.simulator.journal import Call, Journal
from local.simulator.keys import Keys
from local.simulator.model import Event, Json, Provider
from local.simulator.openai import ChatCompletions, Responses
from local.simulator.prompt_cache import PromptCache
from local.simulator.script import Action, Script
from local.simulator.streams import Stream
from local.simulator.upstream import Upstream

PROVIDERS: tuple[Provider, ...] = (
    Bedrock(),
    Embeddings(),
    Guardrails(),
    ChatCompletions(),
    Responses(),
    Anthropic(),
)


class Simulator(ThreadingHTTPServer):
    """All providers on one loopback port; each call runs in a thread of its own."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(
        self,
        port: int,
        upstream: Upstream | None = None,
        sleep: Callable[[float], None] = cloud_time.sleep,
    ) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.sleep = sleep
        self.upstream = upstream
        self.script = Script()
        self.journal = Journal()
        self.keys = Keys()
        self.prompt_cache = PromptCache()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Simulator

    def do_GET(self) -> None:
        self._admin(b"")

    def do_DELETE(self) -> None:
        self._admin(b"")

    def do_PUT(self) -> None:
        self._admin(self._body())

    def do_POST(self) -> None:
        path = self.path.split("?")[0]
        if path.startswith("/_admin/"):
            self._admin(self._body())
            return
        for provider in PROVIDERS:
            model = provider.model_of(path)
            if model is not None:
                self._serve(provider, model, path)
                return
        self._body()
        self._send(404, {"error": f"no simulated provider serves POST {path}"})

    def _serve(self, provider: Provider, model: str, path: str) -> None:
        call = self.server.journal.begin(self.command, path, provider.name)
        call.model = model or None
        headers = {name.lower(): value for name, value in self.headers.items()}
        Exchange(self, provider, call, str(uuid.uuid4())).run(model, path, headers, self._body())

    def _admin(self, body: bytes) -> None:
        server = self.server
        status, answer = admin.handle(
            self.command, self.path, body, server.script, server.journal, server.keys
        )
        self._send(status, answer)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def _send(self, status: int, body: Json) -> None:
        headers = {"content-type": "application/json"}
        self.send_whole(status, json.dumps(body).encode(), headers)

    def drop(self) -> None:
        """Close the connection without an answer."""
        self.close_connection = True

    def send_whole(
        self,
        status: int,
        data: bytes,
        headers: Mapping[str, str],
        *,
        call: Call | None = None,
        half: bool = False,
    ) -> None:
        """Send an answer at once; half of it, and then nothing, if that is ordered."""
        # Before the answer leaves, so that who has the answer finds the call complete.
        if call is not None:
            call.status, call.ended_at = status, time.time()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.close_connection = self.close_connection or half
        try:
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if half else data)
        except ConnectionError:  # the client gave up waiting, as clients do
            self.close_connection = True

    def send_stream(
        self,
        provider: Provider,
        events: Iterable[Event],
        headers: Mapping[str, str],
        *,
        call: Call,
        action: Action,
    ) -> None:
        """Send an answer event by event."""
        call.status, call.stream = 200, True
        self.close_connection = True
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("transfer-encoding", "chunked")
        self.send_header("connection", "close")
        try:
            self.end_headers()
        except ConnectionError:
            call.read_to_end = False
            return
        sleep = self.server.sleep
        Stream(self.connection, self.wfile, sleep, provider, action, call).send(events)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep standard error for failures; the journal has the calls."""
