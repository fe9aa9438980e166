"""The keywords of JSON Schema that hold no subschema, and what each may be. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_OLDER_DRAFTS = ("draft-03", "draft-04", "draft-06", "draft-07", "draft/2019-09")


def is_older_draft(dialect: Any) -> bool:
    """Return whether ``$schema`` is a draft in which ``items`` may be a list."""
    return isinstance(dialect, str) and any(draft in dialect for draft in _OLDER_DRAFTS)


def shown(name: Any) -> str:
    """Return a name as a message may hold it."""
    text = str(name)
    return text if len(text) <= 40 and text.isprintable() and "`" not in text else "(odd name)"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_type(value: Any) -> bool:
    names = value if isinstance(value, list) and value else [value]
    return all(isinstance(name, str) and name in _TYPES for name in names) and len(
        set(names)
    ) == len(names)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value)) and len(set(value)) == len(value)


Check = tuple[Callable[[Any], bool], str]
_NUMBER: Check = (_is_number, "a number")
_SIZE: Check = (_is_size, "a whole number, 0 or more")
_TEXT: Check = (_is_text, "a string")
PLAIN: Mapping[str, Check] = {
    "$schema": _TEXT,
    "$id": _TEXT,
    "type": (_is_type, f"one or several of {', '.join(_TYPES)}"),
    "required": (_is_names, "a list of different names"),
    "enum": (lambda value: isinstance(value, list) and bool(value), "a list of values"),
    "minimum": _NUMBER,
    "maximum": _NUMBER,
    "exclusiveMinimum": _NUMBER,
    "exclusiveMaximum": _NUMBER,
    "multipleOf": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "minLength": _SIZE,
    "maxLength": _SIZE,
    "format": _TEXT,
    "minItems": _SIZE,
    "maxItems": _SIZE,
    "uniqueItems": (lambda value: isinstance(value, bool), "true or false"),
    "minProperties": _SIZE,
    "maxProperties": _SIZE,
    "title": _TEXT,
    "description": _TEXT,
    "examples": (lambda value: isinstance(value, list), "a list"),
    "discriminator": (lambda value: isinstance(value, dict), "an object"),
}
# They allow and forbid nothing, or are any value at all.
ANNOTATIONS = (
    "const", "default", "example", "$comment", "readOnly", "writeOnly", "deprecated",
    "contentEncoding", "contentMediaType", "errorMessage", "markdownDescription",
)  # fmt: skip
