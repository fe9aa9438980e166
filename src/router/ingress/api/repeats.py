"""Which request a body without an id is: one that runs, one that is still owed, or a new one. Pure.

Clients repeat by themselves what took too long, and few of them send an id. An id is therefore
derived from tenant, body, a window of time and a number, so that a repeat finds the run without any
item that somebody had to write: see docs/decisions/0016-a-repeat-joins-its-run.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from router.executions.start import last_used
from router.ingress.api.views import TERMINAL
from router.intake.identity import Identity

WINDOW_SECONDS = 600
_DIGITS = 32

Row = Mapping[str, Any]
Look = Callable[[str], Row | None]


class Undelivered(Protocol):
    """Answers for which callers must come again; each key is a request's."""

    def note(self, key: str) -> None: ...

    def clear(self, key: str) -> None: ...


def named(identity: Identity, at: datetime, look: Look) -> tuple[Identity, Row | None]:
    """Return a request under the id that a body without one has, and the row that it joins.

    ``look`` returns the REQUEST row of a key. ``None`` is a new request, or one whose run has not
    written its row yet: then that run has the execution's name.
    """
    window = int(at.timestamp()) // WINDOW_SECONDS
    new, last = _last(identity, window, look)
    if last is None or not is_open(last[1]):
        # A run of the window before may go on, or be owed still.
        _, earlier = _last(identity, window - 1, look)
        last = earlier if earlier and is_open(earlier[1]) else None
    return last or (new, None)


def first_keys(identity: Identity, at: datetime) -> tuple[str, str]:
    """Return the keys that ``named`` looks at for nearly every body: number 0 of both windows."""
    window = int(at.timestamp()) // WINDOW_SECONDS
    return _numbered(identity, window, 0).key, _numbered(identity, window - 1, 0).key


def is_open(row: Row) -> bool:
    """Return whether a request runs, or ended without its answer delivered."""
    return not has_ended(row) or is_owed(row)


def has_ended(row: Row) -> bool:
    """Return whether a request has its outcome."""
    return row["status"] in TERMINAL


def is_owed(row: Row) -> bool:
    """Return whether the answer still waits for its caller to come again."""
    return bool(row.get("undelivered"))


def _last(
    identity: Identity, window: int, look: Look
) -> tuple[Identity, tuple[Identity, Row] | None]:
    """Return the first request of a window that is not in use, and the one before it, if any."""
    seen: dict[int, Row] = {}

    def is_used(number: int) -> bool:
        if row := look(_numbered(identity, window, number).key):
            seen[number] = row
        return number in seen

    if not is_used(0):
        return _numbered(identity, window, 0), None
    last = last_used(0, is_used)
    found = _numbered(identity, window, last), seen[last]
    return _numbered(identity, window, last + 1), found


def _numbered(identity: Identity, window: int, number: int) -> Identity:
    derived = json.dumps([identity.tenant, identity.payload_hash, window, number]).encode()
    return replace(identity, request_id=hashlib.sha256(derived).hexdigest()[:_DIGITS])
