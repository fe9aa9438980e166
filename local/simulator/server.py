"""The HTTP server: finds the provider, applies the script, keeps the journal."""

import json
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.simulator import admin, answers
from local.simulator.anthropic import Anthropic
from local.simulator.bedrock import Bedrock
from local.simulator.guardrail import Guardrails
from local.simulator.journal import Call, Journal, fingerprint
from local.simulator.keys import Keys
from local.simulator.model import Answered, Ask, Json, Provider, Reject, Reply, Request
from local.simulator.openai import ChatCompletions
from local.simulator.openai_responses import Responses
from local.simulator.prompt_cache import PromptCache
from local.simulator.script import Action, Script
from local.simulator.upstream import Upstream, UpstreamError

PROVIDERS: tuple[Provider, ...] = (
    Bedrock(),
    Guardrails(),
    ChatCompletions(),
    Responses(),
    Anthropic(),
)
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"


class Simulator(ThreadingHTTPServer):
    """All providers on one loopback port; each call runs in a thread of its own."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(
        self,
        port: int,
        upstream: Upstream | None = None,
        sleep: Callable[[float], None] = time.sleep,
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
        request_id = str(uuid.uuid4())
        call = self.server.journal.begin(self.command, path, provider.name)
        call.model = model or None
        headers = {name.lower(): value for name, value in self.headers.items()}
        raw = self._body()
        action = Action()
        try:
            self._authorize(provider, headers, call)
            ask = _read(provider, model, raw, headers)
            call.model, call.prompt_hash = ask.model, fingerprint(ask.prompt)
            action = self.server.script.action(provider.name, ask)
            milliseconds = _delay(ask, action)
            self.server.sleep(milliseconds / 1000)
            if action.fault == "drop":
                self.close_connection = True
                return
            if action.body is not None or action.fault == "html":
                self._send_raw(provider, action, call, request_id)
                return
            if action.status is not None and action.status >= 400:
                raise provider.reject(action.status, action.code, action.message)
            started = time.monotonic()
            reply = self._reply(provider, ask, action)
            milliseconds += round(1000 * (time.monotonic() - started))
            body = _body_of(provider, Answered(ask, reply, request_id, milliseconds), action)
        except Reject as reject:
            reject.request_id = request_id
            extra = {**provider.headers(request_id, reject), **action.headers}
            if action.retry_after is not None:
                extra["retry-after"] = str(action.retry_after)
            self._send(reject.status, provider.error(reject), extra, call=call)
            return
        call.usage = body.get("usage")
        extra = {**provider.headers(request_id, None), **action.headers}
        self._send(200, body, extra, call=call, half=action.fault == "half")

    def _authorize(self, provider: Provider, headers: dict[str, str], call: Call) -> None:
        def knows(key: str) -> bool:
            call.key = fingerprint(key)
            return self.server.keys.accepts(provider.name, key)

        provider.authorize(headers, knows)

    def _reply(self, provider: Provider, ask: Ask, action: Action) -> Reply:
        ordered = action.text is not None or action.ending is not None
        if self.server.upstream is None or ordered:
            kept = self.server.prompt_cache.use(provider.name, ask)
            return answers.reply(ask, text=action.text, ending=action.ending, kept=kept)
        try:
            return self.server.upstream.reply(ask)
        except UpstreamError as error:
            raise provider.reject(error.status, None, str(error)) from error

    def _admin(self, body: bytes) -> None:
        server = self.server
        status, answer = admin.handle(
            self.command, self.path, body, server.script, server.journal, server.keys
        )
        self._send(status, answer)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def _send_raw(self, provider: Provider, action: Action, call: Call, request_id: str) -> None:
        status = action.status or (502 if action.fault == "html" else 200)
        body, kind = action.body, action.content_type
        if action.fault == "html":
            body, kind = _HTML.decode(), "text/html"
        data = body if isinstance(body, str) else json.dumps(body)
        extra = {**provider.headers(request_id, None), **action.headers, "content-type": kind}
        self._send_bytes(status, data.encode("utf-8", "surrogatepass"), extra, call=call)

    def _send(
        self,
        status: int,
        body: Json,
        extra: dict[str, str] | None = None,
        *,
        call: Call | None = None,
        half: bool = False,
    ) -> None:
        headers = {"content-type": "application/json", **(extra or {})}
        self._send_bytes(status, json.dumps(body).encode(), headers, call=call, half=half)

    def _send_bytes(
        self,
        status: int,
        data: bytes,
        headers: dict[str, str],
        *,
        call: Call | None,
        half: bool = False,
    ) -> None:
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

    def log_message(self, format: str, *args: Any) -> None:
        """Keep standard error for failures; the journal has the calls."""


def _read(provider: Provider, model: str, raw: bytes, headers: dict[str, str]) -> Ask:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise provider.reject(400, None, f"The body is not valid JSON: {error}") from error
    if not isinstance(body, dict):
        raise provider.reject(400, None, "The body must be a JSON object.")
    return provider.read(Request(model, body, headers))


def _body_of(provider: Provider, answered: Answered, action: Action) -> Json:
    body = provider.answer(answered)
    if action.fault == "empty":
        body = provider.without_content(body)
    if action.fault == "no_usage" or not answered.reply.usage_known:
        body.pop("usage")
    if action.usage is not None:
        body["usage"] = {**body.get("usage", {}), **action.usage}
    return body


def _delay(ask: Ask, action: Action) -> int:
    """Milliseconds until the answer: as ordered, or 20 to 60, the same for the same prompt."""
    if action.delay_ms is not None:
        return action.delay_ms
    return 20 + int(fingerprint(ask.prompt), 16) % 41
