"""Makes text safe to store and send, and reports whether it was changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# A state carries 256 KiB. It holds the answer as JSON beside up to nine attempts.
STATE_BYTES = 180_000

_UNSENDABLE = {0: None} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def clean(text: str) -> str:
    """Return ``text`` without NUL and with lone surrogates replaced by U+FFFD.

    NUL is refused by providers, and a lone surrogate has no UTF-8 form; all else stays as it is.
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.translate(_UNSENDABLE)


def json_object(text: Any) -> dict[str, Any]:
    """Return the JSON object that a text holds; an empty one if it holds none."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def mapping_of(value: Any) -> Mapping[str, Any]:
    """Return ``value`` if it is a JSON object, an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def text_of(value: Any) -> str | None:
    """Return ``value`` if it is a text, ``None`` for anything else."""
    return value if isinstance(value, str) else None


def first_of(value: Any) -> Any:
    """Return the first element of a JSON array, ``None`` for an empty one or anything else."""
    return value[0] if isinstance(value, list) and value else None


def fits_a_state(text: str) -> bool:
    """Return whether an answer can travel through the workflow."""
    return len(json.dumps(text, ensure_ascii=False).encode()) <= STATE_BYTES


def size_in_bytes(value: Any) -> int:
    """Return how many UTF-8 bytes ``value`` takes as JSON, as Step Functions counts payloads."""
    return len(canonical_json(value))


def canonical_json(value: Any) -> bytes:
    """Return the one JSON form of ``value``: sorted keys, no spaces, UTF-8.

    A lone surrogate, which has no UTF-8 form, is kept apart by its escape.
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")
