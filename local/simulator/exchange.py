"""One call of a provider: the request is read, the script asked, the answer sent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from local.simulator import answers
from local.simulator.deltas import Delta, Finished, deltas_of
from local.simulator.journal import Call, fingerprint
from local.simulator.model import Answered, Ask, Event, Provider, Reject, Reply, Request
from local.simulator.script import Action
from local.simulator.upstream import Upstream, UpstreamError

if TYPE_CHECKING:
    from local.simulator.server import Handler

_Asked = TypeVar("_Asked")
# A real model's stream begins before anything of its answer is known.
_NOT_YET = Reply("", "", 0, 0, 0, "end")
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call on the wire, and its line of the journal."""

    handler: Handler
    provider: Provider
    call: Call
    request_id: str

    def run(self, model: str, path: str, headers: Mapping[str, str], raw: bytes) -> None:
        """Answer the call."""
        action = Action()
        try:
            self._authorize(headers)
            ask = _read(self.provider, Request(model, _object(self.provider, raw), headers, path))
            self.call.model, self.call.prompt_hash = ask.model, fingerprint(ask.prompt)
            self.call.stream = ask.stream
            action = self.handler.server.script.action(self.provider.name, ask)
            milliseconds = _delay(ask, action)
            self.handler.server.sleep(milliseconds / 1000)
            self._answer(ask, action, milliseconds)
        except Reject as reject:
            reject.request_id = self.request_id
            extra = {**self.provider.headers(self.request_id, reject), **action.headers}
            if action.retry_after is not None:
                extra["retry-after"] = str(action.retry_after)
            self._json(reject.status, self.provider.error(reject), extra)

    def _answer(self, ask: Ask, action: Action, milliseconds: int) -> None:
        if action.fault == "drop":
            self.handler.drop()
            return
        if action.body is not None or action.fault == "html":
            self._raw(action)
            return
        in_stream = ask.stream and action.error_after is not None
        if action.status is not None and action.status >= 400 and not in_stream:
            raise self.provider.reject(action.status, action.code, action.message)
        headers = {**self.provider.headers(self.request_id, None), **action.headers}
        upstream = None if action.orders_answer else self.handler.server.upstream
        if ask.stream and upstream is not None:
            asked = self._asked(upstream.stream, ask)
            answered = self._answered(ask, _NOT_YET, action, milliseconds)
            self._stream(answered, action, headers, _known(asked, action))
            return
        started = time.monotonic()
        reply = self._reply(ask, action, upstream)
        milliseconds += round(1000 * (time.monotonic() - started))
        if action.fault == "no_usage":
            reply = replace(reply, usage_known=False)
        answered = self._answered(ask, reply, action, milliseconds)
        if ask.stream:
            if action.fault == "empty":
                reply = replace(reply, text="", thinking="", calls=())
            interleaved, halves = action.interleaved, action.split == "surrogates"
            deltas = deltas_of(reply, interleaved=interleaved, halves=halves)
            self._stream(answered, action, headers, deltas)
            return
        body = self.provider.answer(answered)
        if action.fault == "empty":
            body = self.provider.without_content(body)
        self.call.usage = body.get("usage")
        self._json(200, body, headers, half=action.fault == "half")

    def _answered(self, ask: Ask, reply: Reply, action: Action, milliseconds: int) -> Answered:
        return Answered(ask, reply, self.request_id, milliseconds, action.usage or {})

    def _stream(
        self,
        answered: Answered,
        action: Action,
        headers: Mapping[str, str],
        deltas: Iterable[Delta],
    ) -> None:
        events: Iterable[Event] = self._events(answered, deltas)
        if action.fault == "half":
            events = list(events)
            action = replace(action, cut_after=len(events) // 2)
        headers = {**headers, "content-type": self.provider.stream_type}
        self.handler.send_stream(self.provider, events, headers, call=self.call, action=action)

    def _events(self, answered: Answered, deltas: Iterable[Delta]) -> Iterator[Event]:
        sent = 0
        try:
            for event in self.provider.events(answered, deltas):
                yield event
                sent += 1
        except UpstreamError as error:
            reject = self.provider.reject(error.status, None, str(error))
            yield self.provider.stream_error(reject, sent)

    def _authorize(self, headers: Mapping[str, str]) -> None:
        def knows(key: str) -> bool:
            self.call.key = fingerprint(key)
            return self.handler.server.keys.accepts(self.provider.name, key)

        self.provider.authorize(headers, knows)

    def _reply(self, ask: Ask, action: Action, upstream: Upstream | None) -> Reply:
        if upstream is not None:
            return self._asked(upstream.reply, ask)
        return answers.reply(
            ask,
            text=action.text,
            ending=action.ending,
            kept=self.handler.server.prompt_cache.use(self.provider.name, ask),
            calls=action.calls,
            stop_reason=action.stop_reason,
        )

    def _asked(self, asked: Callable[[Ask], _Asked], ask: Ask) -> _Asked:
        try:
            return asked(ask)
        except UpstreamError as error:
            raise self.provider.reject(error.status, None, str(error)) from error

    def _raw(self, action: Action) -> None:
        status = action.status or (502 if action.fault == "html" else 200)
        body, kind = action.body, action.content_type
        if action.fault == "html":
            body, kind = _HTML.decode(), "text/html"
        data = body if isinstance(body, str) else json.dumps(body)
        known = self.provider.headers(self.request_id, None)
        extra = {**known, **action.headers, "content-type": kind}
        encoded = data.encode("utf-8", "surrogatepass")
        self.handler.send_whole(status, encoded, extra, call=self.call)

    def _json(
        self, status: int, body: Any, extra: Mapping[str, str], *, half: bool = False
    ) -> None:
        headers = {"content-type": "application/json", **extra}
        data = json.dumps(body).encode()
        self.handler.send_whole(status, data, headers, call=self.call, half=half)


def _known(deltas: Iterable[Delta], action: Action) -> Iterator[Delta]:
    """The deltas of a real model; their end without its usage, if that is ordered."""
    for delta in deltas:
        if isinstance(delta, Finished) and action.fault == "no_usage":
            yield Finished(replace(delta.reply, usage_known=False))
        else:
            yield delta


def _object(provider: Provider, raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise provider.reject(400, None, f"The body is not valid JSON: {error}") from error
    if not isinstance(body, dict):
        raise provider.reject(400, None, "The body must be a JSON object.")
    return body


def _read(provider: Provider, request: Request) -> Ask:
    """Read a request; one of quite another shape than the provider's is refused as well."""
    try:
        return provider.read(request)
    except (LookupError, TypeError, AttributeError) as error:
        message = f"The request is not of this API's shape: {error!r}"
        raise provider.reject(400, None, message) from error


def _delay(ask: Ask, action: Action) -> int:
    """Milliseconds until the answer: as ordered, or 20 to 60, the same for the same prompt."""
    if action.delay_ms is not None:
        return action.delay_ms
    return 20 + int(fingerprint(ask.prompt), 16) % 41
