"""Connections, and which of them listens to which request, as items of the ``control`` table. Pure.

A listener is written by the entry point alone, under the key of a request. No field of a request
names a connection, so that no caller of another entry point can have an answer sent to one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol

from cost_calculator.clock import iso

CONNECTION_PREFIX = "socket#"
LISTENER_PREFIX = "listener#"

# API Gateway ends a connection after two hours; its notice of that may get lost.
_LASTS = timedelta(hours=2, minutes=15)


class Sent(Enum):
    """What became of a frame. ``BUSY``: the connection takes no more now, and may later."""

    OK = "ok"
    GONE = "gone"
    BUSY = "busy"
    FAILED = "failed"


Post = Callable[[str, bytes], Sent]
"""Sends a frame to a connection; never raises."""


@dataclass(frozen=True, slots=True)
class Listener:
    """The connection that listens to a request.

    ``has_begun`` if a part of an answer was pushed to it; ``streamed`` is when the attempt began
    whose answer was pushed to its end.
    """

    key: str
    connection: str
    has_begun: bool = False
    streamed: str | None = None


class Listeners(Protocol):
    """The items; each method may raise ``StoreUnavailable``. See ``router.aws.listener_store``."""

    def connect(self, connection: str, tenant: str) -> None: ...

    def disconnect(self, connection: str) -> None: ...

    def tenant_of(self, connection: str) -> str | None: ...

    def listen(self, key: str, connection: str) -> None: ...

    def listener_of(self, key: str) -> Listener | None: ...

    def leave(self, key: str, connection: str) -> bool: ...

    def note(self, listener: Listener) -> bool: ...


def connection_item(connection: str, tenant: str, at: datetime) -> dict[str, Any]:
    """Return the item of an open connection, which has the tenant of its key."""
    return {
        "key": CONNECTION_PREFIX + connection,
        "tenant": tenant,
        "connected_at": iso(at),
        "expires_at": _expiry(at),
    }


def listener_item(key: str, connection: str, at: datetime) -> dict[str, Any]:
    """Return the item of a connection that has just asked for a request."""
    return {
        "key": LISTENER_PREFIX + key,
        "connection": connection,
        "expires_at": _expiry(at),
    }


def listener_from(item: Mapping[str, Any], at: datetime) -> Listener | None:
    """Return the listener that an item is, unless its time is over: a table deletes late."""
    if not is_valid(item, at):
        return None
    return Listener(
        key=str(item["key"]).removeprefix(LISTENER_PREFIX),
        connection=str(item["connection"]),
        has_begun=bool(item.get("has_begun", False)),
        streamed=item.get("streamed"),
    )


def is_valid(item: Mapping[str, Any], at: datetime) -> bool:
    """Return whether an item's time is not over yet."""
    return int(item.get("expires_at", 0)) > at.timestamp()


def _expiry(at: datetime) -> int:
    return int((at + _LASTS).timestamp())
