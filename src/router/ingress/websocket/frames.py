"""The frames of the WebSocket API, in JSON: what a client sends, and what it gets. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from router.errors import InvalidRequest
from router.ingress.api.errors import ApiError
from router.ingress.api.reading import json_in
from router.ingress.protocols.reply import as_json
from router.intake.identity import is_request_id

MOST_BYTES = 128 * 1024
"""Bytes of a message that API Gateway passes on, in either direction."""

_ASK = '{"action": "ask", "request": {"input": "…"}}'
_CANCEL = '{"action": "cancel", "request_id": "…"}'
_PING = '{"action": "ping"}'
_FIELDS = {"ask": {"request", "ref"}, "cancel": {"request_id", "ref"}, "ping": {"ref"}}
_REF_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to run, as ``POST /v1/prompts`` takes it."""

    request: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cancel:
    """An answer that the client no longer wants."""

    request_id: str


@dataclass(frozen=True, slots=True)
class Ping:
    """A sign of life, which keeps the connection open."""


Frame = Ask | Cancel | Ping


def ref_of(text: str) -> str | None:
    """Return the client's own name of a frame, also of one that is wrong; ``None`` if none."""
    try:
        found = json_in(text, MOST_BYTES, "frame").get("ref")
    except (InvalidRequest, ApiError):
        return None
    return found if _is_ref(found) else None


def read_frame(text: str) -> Frame:
    """Return what a client sent; raise ``InvalidRequest`` with what to write instead."""
    sent = json_in(text, MOST_BYTES, "frame")
    action = sent.get("action")
    if action not in ("ask", "cancel", "ping"):
        raise InvalidRequest(f"`action` must be ask, cancel or ping: {_ASK}, {_CANCEL}, {_PING}")
    if unknown := sent.keys() - _FIELDS[action] - {"action"}:
        known = ", ".join(sorted(_FIELDS[action]))
        raise InvalidRequest(
            f"a frame of `{action}` has {known} beside its action, and not {len(unknown)} other"
            " field(s); what belongs to the request goes into `request`"
        )
    if "ref" in sent and not _is_ref(sent["ref"]):
        raise InvalidRequest(f"`ref` must be a text of at most {_REF_LENGTH} characters")
    match action:
        case "ask":
            if not isinstance(sent.get("request"), dict):
                raise InvalidRequest(f"`request` must be a JSON object: {_ASK}")
            return Ask(sent["request"])
        case "cancel":
            request_id = sent.get("request_id")
            if not isinstance(request_id, str) or not is_request_id(request_id):
                raise InvalidRequest(f"`request_id` must be the id of a request: {_CANCEL}")
            return Cancel(request_id)
    return Ping()


def received(request_id: str, ref: str | None) -> bytes:
    """Return the frame that names the id of a request."""
    return _frame("received", {"request_id": request_id, **_named(ref)})


def begin(request_id: str, model: str, *, again: bool) -> bytes:
    """Return the frame before an answer's parts; ``again``: they replace those before it."""
    return _frame("restart" if again else "begin", {"request_id": request_id, "model": model})


def delta(request_id: str, part: Mapping[str, Any]) -> bytes:
    """Return the frame of more of an answer."""
    return _frame("delta", {"request_id": request_id, "delta": part})


def waiting(request_id: str) -> bytes:
    """Return the frame of a request that waits for a reviewer."""
    return _frame("waiting", {"request_id": request_id, "status": "PENDING_REVIEW"})


def done(shown: Mapping[str, Any], finish: str, usage: Mapping[str, Any] | None) -> bytes:
    """Return the last frame of an answer: its outcome, usage and cost, without its text."""
    return _frame("done", {**shown, "finish_reason": finish, "usage": usage})


def error(
    known: ApiError, gateway_id: str, ref: str | None, shown: Mapping[str, Any] | None = None
) -> bytes:
    """Return the frame of what went wrong; with ``shown`` it is the last of a request."""
    body = known.body(gateway_id)
    request = {} if known.request_id is None else {"request_id": known.request_id}
    end = {} if shown is None else {"outcome": dict(shown)}
    return _frame("error", {**request, **_named(ref), **body, **end})


def cancelled(request_id: str, ref: str | None) -> bytes:
    """Return the frame after which no other one of a request comes."""
    return _frame("cancelled", {"request_id": request_id, **_named(ref)})


def pong(ref: str | None) -> bytes:
    """Return the answer to a ping."""
    return _frame("pong", _named(ref))


def _named(ref: str | None) -> dict[str, str]:
    return {} if ref is None else {"ref": ref}


def _is_ref(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _REF_LENGTH


def _frame(kind: str, fields: Mapping[str, Any]) -> bytes:
    return as_json({"type": kind, **fields}).encode()
