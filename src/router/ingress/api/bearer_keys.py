"""Keys that callers of the HTTP API send as a Bearer token. Pure.

A key is 256 random bits, so its plain SHA-256 cannot be turned round, and is all that is stored.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cost_calculator.clock import iso

KEY_PREFIX = "sk-fg-"
ITEM_PREFIX = "apikey#"
_KEY = rf"{KEY_PREFIX}[0-9A-Za-z_-]{{43}}"
_BEARER = re.compile(rf"(?i:bearer) +({_KEY})")


def new_key() -> str:
    """Return a key that nobody has seen; it is shown once and never stored."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


def hash_of(key: str) -> str:
    """Return the hexadecimal SHA-256 of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_id(item: Mapping[str, Any]) -> str:
    """Return the short name of a stored key, which reveals nothing of the key itself."""
    return str(item["key"]).removeprefix(ITEM_PREFIX)[:12]


def key_item(key: str, tenant: str, label: str, at: datetime) -> dict[str, str]:
    """Return the item of the ``control`` table that lets a key in as a tenant."""
    return {
        "key": ITEM_PREFIX + hash_of(key),
        "tenant": tenant,
        "label": label,
        "created_at": iso(at),
    }


def presented_key(authorization: str) -> str | None:
    """Return the key in an Authorization header; ``None`` if it holds none of ours."""
    found = _BEARER.fullmatch(authorization.strip())
    return found[1] if found else None


def key_among(headers: Mapping[str, str]) -> str | None:
    """Return the key in one of several headers; ``None`` if none holds one of ours.

    Anthropic's clients send it alone. A page that opens a WebSocket can set no header of its own,
    and offers the key as one of its subprotocols.
    """
    sent = {name.lower(): value for name, value in headers.items()}
    offered = sent.get("sec-websocket-protocol", "").split(",")
    for alone in (sent.get("x-api-key", ""), *offered):
        if re.fullmatch(_KEY, alone.strip()):
            return alone.strip()
    return presented_key(sent.get("authorization", ""))
