"""Reads the events of a stream of Anthropic's Messages API. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from router import errors
from router.conversation.events import Delta
from router.encoding import mapping_of, text_of
from router.invocation.call import Answer, ModelCall
from router.providers.anthropic_messages import read_message
from router.providers.statuses import refusal, words
from router.providers.streamed import Streamed, number_of

_ERRORS: Mapping[str, type[errors.CallError]] = {
    "invalid_request_error": errors.InvalidModelRequest,
    "authentication_error": errors.AccessDenied,
    "permission_error": errors.AccessDenied,
    "billing_error": errors.AccessDenied,
    "not_found_error": errors.ModelNotFound,
    "request_too_large": errors.ContextTooLong,
    "rate_limit_error": errors.Throttled,
    "overloaded_error": errors.Overloaded,
    "timeout_error": errors.ModelTimeout,
}


def error_of_event(body: Any) -> errors.CallError:
    """Return the error in an ``error`` event, which comes with HTTP status 200."""
    given = mapping_of(mapping_of(body).get("error"))
    detail = words(given.get("type"))
    kind = _ERRORS.get(detail, errors.ModelError)
    return refusal("anthropic", kind, detail, detail, message=given.get("message"))


class MessageStream:
    """Gathers the message that the API would have answered with.

    Its first event counts the input, and the tokens of the answer by a placeholder: a usage is
    known when the last but one has come.
    """

    def __init__(self, call: ModelCall) -> None:
        self._call = call
        self._streamed = Streamed()
        self._message: Mapping[str, Any] = {}
        self._usage: dict[str, Any] | None = None
        self._stop: Any = None
        self.started = False

    @property
    def ended(self) -> bool:
        """See ``StreamReader``."""
        return self._stop is not None

    @property
    def facts(self) -> dict[str, Any]:
        """See ``StreamReader``."""
        return {"usage": self._usage, "response_model": text_of(self._message.get("model"))}

    def pieces(self, event: Any) -> Iterator[Delta]:
        """See ``StreamReader``."""
        body = mapping_of(event)
        key = number_of(body.get("index"))
        match body.get("type"):
            case "ping":
                return
            case "message_start":
                self._message = mapping_of(body.get("message"))
            case "content_block_start":
                yield from self._begins(key, mapping_of(body.get("content_block")))
            case "content_block_delta":
                yield from self._delta(key, mapping_of(body.get("delta")))
            case "content_block_stop":
                yield from self._streamed.proofs(key)
            case "message_delta":
                self._ends(body)
        self.started = True

    def _begins(self, key: Any, block: Mapping[str, Any]) -> Iterator[Delta]:
        match block.get("type"):
            case "text":
                yield from self._streamed.said(block.get("text"))
            case "tool_use":
                # Its `input` is empty here: the arguments come as text.
                yield from self._streamed.called(key, block.get("id"), block.get("name"), "")
            case "thinking":
                given = block.get("thinking"), block.get("signature")
                yield from self._streamed.thought(key, *given)
            case "redacted_thinking":
                yield from self._streamed.thought(key, redacted=block.get("data"))

    def _delta(self, key: Any, delta: Mapping[str, Any]) -> Iterator[Delta]:
        match delta.get("type"):
            case "text_delta":
                yield from self._streamed.said(delta.get("text"))
            case "input_json_delta" if key in self._streamed.calls:
                yield from self._streamed.called(key, None, None, delta.get("partial_json"))
            case "thinking_delta":
                yield from self._streamed.thought(key, delta.get("thinking"))
            case "signature_delta":
                yield from self._streamed.thought(key, signature=delta.get("signature"))

    def _ends(self, body: Mapping[str, Any]) -> None:
        stop = mapping_of(body.get("delta")).get("stop_reason")
        self._stop = self._stop if stop is None else stop
        if isinstance(given := body.get("usage"), Mapping):
            counted = {name: value for name, value in given.items() if value is not None}
            self._usage = {**mapping_of(self._message.get("usage")), **counted}

    def rest(self) -> Iterator[Delta]:
        """See ``StreamReader``."""
        return self._streamed.rest()

    def answer(self) -> Answer:
        """See ``StreamReader``."""
        body = {**self._message, "stop_reason": self._stop, "usage": self._usage}
        body["content"] = list(self._content())
        return self._streamed.finished(read_message(body, self._call.mode, self._call.by))

    def _content(self) -> Iterator[dict[str, Any]]:
        for thought in self._streamed.thoughts.values():
            if thought.redacted is not None:
                yield {"type": "redacted_thinking", "data": thought.redacted}
            else:
                signed = {"thinking": thought.text.text, "signature": thought.signature}
                yield {"type": "thinking", **signed}
        yield {"type": "text", "text": self._streamed.text.text}
        for call in self._streamed.calls.values():
            used = {"id": call.id, "name": call.name, "input": call.arguments.text}
            yield {"type": "tool_use", **used}
