"""Waits for the end of a request and pushes what its listener has not got: the last frame, always.

Answers that no model wrote to the connection (cached, checked first, from the HTTP Task, approved
by a reviewer) are pushed as a whole before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from router.conversation.events import Delta
from router.errors import StoreUnavailable
from router.ingress.api.answers import outcome
from router.ingress.api.delivery import delivered
from router.ingress.api.errors import ApiError, told_of
from router.ingress.api.ports import ApiContext, Rows
from router.ingress.api.repeats import Undelivered
from router.ingress.api.submit import Submitted, wait
from router.ingress.api.views import Settle, settled_attempts, view
from router.ingress.protocols.openai_chat import write_usage
from router.ingress.protocols.reply import Reply, reply_of
from router.ingress.websocket import frames
from router.ingress.websocket.coalescing import Coalescer, small
from router.ingress.websocket.listeners import Listener, Listeners, Post, Sent
from router.intake.identity import Identity
from router.invocation.call import Answer
from router.invocation.pieces import pieces_of

# How often it is looked at whether the client still listens.
_LOOKS_SECONDS = 5.0
_TRIES, _PAUSE = 8, 0.25


@dataclass(frozen=True, slots=True)
class Following:
    """A request that was started for a connection, as it travels to the function that waits."""

    connection: str
    submitted: Submitted

    def to_json(self) -> dict[str, Any]:
        """Return it for ``from_json``."""
        identity = self.submitted.identity
        return {
            "connection": self.connection,
            "tenant": identity.tenant,
            "request_id": identity.request_id,
            "payload_hash": identity.payload_hash,
            "execution": self.submitted.execution,
            "is_named": self.submitted.is_named,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Following:
        """Parse what ``to_json`` returned."""
        identity = Identity(data["tenant"], data["request_id"], data["payload_hash"])
        submitted = Submitted(identity, data["execution"], bool(data["is_named"]))
        return cls(str(data["connection"]), submitted)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the wait for an end needs."""

    api: ApiContext
    settle: Settle
    listeners: Listeners
    undelivered: Undelivered
    post: Post
    note_refusal: Callable[[ApiError], None]


class _Left(Exception):
    """Nobody listens any more."""


def follow(following: Following, until: float, services: Waiting) -> None:
    """Push the end of a request to its listener; a request has its end also without one."""
    submitted = following.submitted
    key, rows = submitted.identity.key, None
    try:
        rows = _rows(following, until, services)
        listener = _listener(following, services)
        for frame in _last_frames(rows, submitted, listener, services):
            _post(following, frame, services)
    except _Left:
        if not submitted.is_named:  # who gave an id asks again with it
            with suppress(StoreUnavailable):
                services.undelivered.note(key)
    except Exception as error:
        known = told_of(error)
        services.note_refusal(known)
        shown = None if rows is None else view(rows, None, services.settle)
        with suppress(_Left):
            named = _with_id(known, submitted.request_id)
            _post(following, frames.error(named, submitted.request_id, None, shown), services)
            delivered(rows, services.undelivered)
    else:
        delivered(rows, services.undelivered)
    with suppress(StoreUnavailable):  # it expires
        services.listeners.leave(key, following.connection)


def _rows(following: Following, until: float, services: Waiting) -> Rows:
    """Return the rows of the request once it has ended; raise why it was refused, or ``_Left``."""
    api, submitted, is_announced = services.api, following.submitted, False
    while True:
        _listener(following, services)
        look_at = min(until, api.clock() + _LOOKS_SECONDS)
        if (rows := wait(submitted, look_at, api)) is not None:
            return rows
        if not is_announced and _waits_for_reviewer(submitted, api):
            is_announced = True
            _post(following, frames.waiting(submitted.request_id), services)
        if api.clock() + _LOOKS_SECONDS >= until:
            message = "it is not answered yet, and goes on: ask again with the same `request_id`"
            raise ApiError("NotAnsweredYet", message, request_id=submitted.request_id)
        if (left := look_at - api.clock()) > 0:  # a reviewer takes longer than any wait
            api.sleep(left)


def _waits_for_reviewer(submitted: Submitted, api: ApiContext) -> bool:
    with suppress(StoreUnavailable):
        row = api.store.request_of(submitted.identity.key)
        return row is not None and row["status"] == "PENDING_REVIEW"
    return False


def _listener(following: Following, services: Waiting) -> Listener | None:
    """Return who listens, ``None`` if that is not known now; raise ``_Left`` if it is another."""
    try:
        found = services.listeners.listener_of(following.submitted.identity.key)
    except StoreUnavailable:
        return None
    if found is None or found.connection != following.connection:
        raise _Left
    return found


def _last_frames(
    rows: Rows, submitted: Submitted, listener: Listener | None, services: Waiting
) -> Iterator[bytes]:
    shown = outcome(rows, submitted, services.api, services.settle).body
    attempts = settled_attempts(rows, services.settle)
    answer = reply_of(shown, attempts)
    if listener is None or not _is_streamed(listener, attempts):
        again = listener is not None and listener.has_begun
        yield frames.begin(submitted.request_id, answer.model, again=again)
        yield from _whole(answer)
    usage = write_usage(answer.usage) if answer.usage else None
    yield frames.done(view(rows, None, services.settle), answer.finish, usage)


def _is_streamed(listener: Listener, attempts: list[Mapping[str, Any]]) -> bool:
    return any(row.get("served") and row["started_at"] == listener.streamed for row in attempts)


def _whole(answer: Reply) -> Iterator[bytes]:
    """Yield an answer in one frame, or in as many as its size needs."""
    gathered = Coalescer()
    for piece in pieces_of(Answer("", False, None, None).saying(answer.said)):
        if not isinstance(piece, Delta):
            continue
        for part in small(piece):
            gathered.add(part)
            if gathered.is_large:
                yield from _delta(answer, gathered)
    yield from _delta(answer, gathered)


def _delta(answer: Reply, gathered: Coalescer) -> Iterator[bytes]:
    if (part := gathered.take(0)) is not None:
        yield frames.delta(answer.request_id, part)


def _post(following: Following, frame: bytes, services: Waiting) -> None:
    for _ in range(_TRIES):
        match services.post(following.connection, frame):
            case Sent.OK:
                return
            case Sent.GONE:
                raise _Left
        services.api.sleep(_PAUSE)
    raise _Left


def _with_id(known: ApiError, request_id: str) -> ApiError:
    if known.request_id is None:
        known.request_id = request_id
    return known
