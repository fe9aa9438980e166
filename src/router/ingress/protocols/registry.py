"""The protocols by their paths: what each makes of a body, a reply and an error. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from router.conversation.events import Delta
from router.encoding import mapping_of
from router.ingress.protocols import anthropic_messages, openai_chat, openai_responses
from router.ingress.protocols.anthropic_reply import to_message
from router.ingress.protocols.anthropic_stream import MessageStream
from router.ingress.protocols.openai_chat_stream import ChatStream
from router.ingress.protocols.reply import Reply
from router.ingress.protocols.responses_references import Kept, with_items
from router.ingress.protocols.responses_reply import to_response
from router.ingress.protocols.responses_stream import ResponseStream
from router.ingress.protocols.responses_tools import names_of
from router.ingress.protocols.sse import BEAT, PING

_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


class Stream(Protocol):
    """An answer as it is written, in the events of one protocol."""

    def start(self) -> Iterator[bytes]: ...

    def piece(self, delta: Delta) -> Iterator[bytes]: ...

    def end(self, reply: Reply) -> Iterator[bytes]: ...

    def error(self, body: Mapping[str, Any]) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of an answer before its first piece. ``created`` is in epoch seconds."""

    request_id: str
    created: int
    model: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """One protocol.

    ``completed`` puts what was answered before into a body that names it;
    ``dropped`` names what a body has that no model gets; ``whole`` is a reply as its body's sender
    reads it; ``error`` makes its body of our own and the status; ``beat`` says in a stream that its
    model still thinks.
    """

    completed: Callable[[Any, Kept], Any]
    to_request: Callable[[Any], dict[str, Any]]
    dropped: Callable[[Mapping[str, Any]], Sequence[str]]
    whole: Callable[[Reply, Mapping[str, Any]], dict[str, Any]]
    stream: Callable[[Head, Mapping[str, Any]], Stream]
    error: Callable[[Mapping[str, Any], int], dict[str, Any]]
    beat: bytes


def _chat(head: Head, body: Mapping[str, Any]) -> Stream:
    usage = mapping_of(body.get("stream_options")).get("include_usage") is True
    return ChatStream(head.request_id, head.created, head.model, usage=usage)


def _message(head: Head, _body: Mapping[str, Any]) -> Stream:
    return MessageStream(head.request_id, head.model)


def _response(head: Head, body: Mapping[str, Any]) -> Stream:
    return ResponseStream(head.request_id, head.created, head.model, names_of(body))


def _of_openai(body: Mapping[str, Any], _status: int) -> dict[str, Any]:
    error = body["error"]
    message = openai_chat.in_openais_words(error["message"])
    code = "context_length_exceeded" if error["type"] == "ContextTooLong" else error["type"]
    return {"error": {**error, "message": message, "code": code, "param": None}}


def _of_anthropic(body: Mapping[str, Any], status: int) -> dict[str, Any]:
    error = body["error"]
    kind = _KINDS.get(status, "api_error")
    message = f"{error['type']}: {openai_chat.in_openais_words(error['message'])}"
    return {
        "type": "error",
        "error": {"type": kind, "message": message},
        "request_id": error["request_id"],
    }


PROTOCOLS: Mapping[str, Spoken] = {
    "/chat/completions": Spoken(
        lambda body, _kept: body,
        openai_chat.to_request,
        lambda _body: (),
        lambda reply, _body: openai_chat.to_completion(reply),
        _chat,
        _of_openai,
        BEAT,
    ),
    "/responses": Spoken(
        with_items,
        openai_responses.to_request,
        openai_responses.dropped,
        lambda reply, body: to_response(reply, names_of(body)),
        _response,
        _of_openai,
        BEAT,
    ),
    "/messages": Spoken(
        lambda body, _kept: body,
        anthropic_messages.to_request,
        anthropic_messages.dropped,
        lambda reply, _body: to_message(reply),
        _message,
        _of_anthropic,
        PING,
    ),
}
