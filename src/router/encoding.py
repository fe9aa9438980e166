"""Makes text safe to store and send, and reports whether it was changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# A state carries 256 KiB. It holds the answer as JSON beside up to nine attempts.
STATE_BYTES = 180_000

MAX_DEPTH = 64
"""Levels of arrays and objects in what is taken from outside; far below Python's own limit."""

_PLAIN_NAME = re.compile(r"[\w.-]{1,40}")
REPLACEMENT = "\ufffd"
"""What replaces half a character."""

_UNSENDABLE = {0: None} | dict.fromkeys(range(0xD800, 0xE000), REPLACEMENT)


def clean(text: str) -> str:
    """Return ``text`` without NUL and with lone surrogates replaced by U+FFFD.

    NUL is refused by providers, and a lone surrogate has no UTF-8 form; all else stays as it is.
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.translate(_UNSENDABLE)


def cleaned_json(value: Any) -> Any:
    """Return a JSON value with every text in it cleaned, names included."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [cleaned_json(part) for part in value]
    if isinstance(value, dict):
        return {clean(name): cleaned_json(part) for name, part in value.items()}
    return value


def is_deeper(value: Any, depth: int) -> bool:
    """Say whether arrays and objects are nested deeper than so many levels."""
    level = [value]
    for _ in range(depth):
        level = [part for each in level if isinstance(each, (dict, list)) for part in _parts(each)]
        if not level:
            return False
    return any(isinstance(each, (dict, list)) for each in level)


def _parts(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def unsendable(value: Any, where: str) -> Iterator[str]:
    """Yield each place of a JSON value whose text holds NUL or a lone surrogate: no table takes it.

    Names that hold one are not shown.
    """
    if isinstance(value, str) and clean(value) != value:
        yield f"`{where}` holds NUL or a lone surrogate: remove it"
    if isinstance(value, list):
        for index, part in enumerate(value):
            yield from unsendable(part, f"{where}[{index}]")
    if isinstance(value, dict):
        for name, part in value.items():
            if clean(name) != name:
                yield f"`{where}` has a name that holds NUL or a lone surrogate: remove it"
            else:
                yield from unsendable(part, f"{where}.{shown_name(name)}")


def shown_name(name: str) -> str:
    """Return a field's name as an error may show it: a caller's own may be long, or a prompt."""
    return name if _PLAIN_NAME.fullmatch(name) else "(a long or odd name)"


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
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(text) if text.isascii() else len(text.encode("utf-8", "backslashreplace"))


def canonical_json(value: Any) -> bytes:
    """Return the one JSON form of ``value``: sorted keys, no spaces, UTF-8.

    100, 100.0 and 1e2 are one number. A lone surrogate, which has no UTF-8 form, is kept apart by
    its escape.
    """
    plain = _with_integers(value)
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def _with_integers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_integers(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_with_integers(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
