"""The session that a request belongs to: one chat, or one task of an agent. Pure.

A session groups what requests cost. It is a word of the caller's, and nobody's authority: it means
something together with its tenant alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cost_calculator.row_keys import key_of
from router.errors import InvalidRequest

_ID = re.compile(r"[0-9A-Za-z_.:@-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Session:
    """A session by its id; ``key`` names its tenant too. ``max_usd`` is the most that all of it may
    cost, as the request has it."""

    session_id: str
    key: str
    max_usd: Decimal | None = None

    def marks(self) -> dict[str, str]:
        """Return what rows keep of it."""
        return {"session_id": self.session_id}


def session_of(payload: Mapping[str, Any], tenant: str) -> Session | None:
    """Return the session that a payload of the right types names, ``None`` if it names none."""
    about = payload.get("session")
    if "session_id" not in payload:
        if about is not None:
            raise InvalidRequest("`session` needs a `session_id`: give the id of the session")
        return None
    most = (about or {}).get("max_cost_usd")
    return Session(
        session_id=payload["session_id"],
        key=key_of(tenant, payload["session_id"]),
        max_usd=None if most is None else Decimal(str(most)),
    )


def as_session_id(text: str) -> str | None:
    """Return a text of a client's as the id of a session: itself, or a hash of it; ``None`` for an
    empty one."""
    if not text:
        return None
    if _ID.fullmatch(text):
        return text
    return f"s-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
