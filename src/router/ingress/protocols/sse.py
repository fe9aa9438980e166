"""Server-sent events, as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.ingress.protocols.reply import as_json

CONTENT_TYPE = "text/event-stream"
DONE = b"data: [DONE]\n\n"
BEAT = b": still here\n\n"
"""A comment that keeps a connection open while a model thinks."""


def data(value: Mapping[str, Any]) -> bytes:
    """Return an event without a name."""
    return f"data: {as_json(value)}\n\n".encode()


def event(value: Mapping[str, Any]) -> bytes:
    """Return an event that is named by its ``type``."""
    return f"event: {value['type']}\ndata: {as_json(value)}\n\n".encode()


def comment(text: str) -> bytes:
    """Return a comment, which no client takes for an event."""
    return f": {' '.join(text.split())}\n\n".encode()
