"""Server-sent events, as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.ingress.protocols.reply import as_json

CONTENT_TYPE = "text/event-stream"
DONE = b"data: [DONE]\n\n"
BEAT = b": still here\n\n"
"""Keeps a connection open while a model thinks: a comment."""
PING = b'event: ping\ndata: {"type":"ping"}\n\n'
"""The same among Anthropic's events, where some clients count on events alone."""


def data(value: Mapping[str, Any]) -> bytes:
    """Return an event without a name."""
    return f"data: {as_json(value)}\n\n".encode()


def event(value: Mapping[str, Any]) -> bytes:
    """Return an event that is named by its ``type``."""
    return f"event: {value['type']}\ndata: {as_json(value)}\n\n".encode()


def comment(text: str) -> bytes:
    """Return a comment, which no client takes for an event."""
    return f": {' '.join(text.split())}\n\n".encode()
