"""Checks a request's ``response_schema``, which must use a subset of JSON Schema 2020-12.

The subset is what a validator can check in bounded time whatever the answer is: no reference leaves
the schema or leads back to itself, patterns are those of ``safe_regex``, and the schema with its
references written out has a bounded number of parts. ``jsonschema`` itself would cost ``analyze``
70 ms of each cold start.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from router.errors import InvalidRequest

MAX_BYTES = 16_384
MAX_PARTS = 500
MAX_DEPTH = 16
_INSTRUCTIONS_BYTES = 1_000  # what `router.invocation.answer_schema` may write around it

_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_INSTEAD = {
    "format": "it is not checked: write a `pattern`",
    "uniqueItems": "checking it has no bound: leave it out",
    "$dynamicRef": "write `$ref` to `#/$defs/…`",
    "patternProperties": "name the properties, or write `additionalProperties`",
    "definitions": "write `$defs`",
}

Schema = Mapping[str, Any]


def check_response_schema(schema: Schema) -> None:
    """Raise ``InvalidRequest`` with the place in ``schema``, and what to write there."""
    try:
        size = len(json.dumps(schema, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        raise InvalidRequest("`response_schema` holds a lone surrogate: remove it") from None
    if size > MAX_BYTES:
        raise InvalidRequest(
            f"`response_schema` takes {size} bytes and may take {MAX_BYTES}: shorten it"
        )
    if schema.get("type") != "object":
        raise InvalidRequest('`response_schema` must be of an object: write "type": "object"')
    _Door(schema).part(schema, "response_schema", 0, ())


def sent_bytes(schema: Schema) -> int:
    """Return the most UTF-8 bytes that a schema adds to a prompt."""
    return len(json.dumps(schema, ensure_ascii=False).encode()) + _INSTRUCTIONS_BYTES


class _Door:
    """Walks a schema with its references written out, so that what is checked is what it costs."""

    def __init__(self, root: Schema) -> None:
        definitions = root.get("$defs", {})
        self._definitions: Mapping[str, Any] = definitions if isinstance(definitions, dict) else {}
        self._parts = 0

    def part(self, schema: Any, where: str, depth: int, inside: tuple[str, ...]) -> None:
        """Check one subschema; ``inside`` are the definitions that led here."""
        if not isinstance(schema, dict):
            raise _refused(where, "must be an object")
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise InvalidRequest(
                f"`response_schema` has more than {MAX_PARTS} parts, references written out:"
                " make it smaller"
            )
        if depth > MAX_DEPTH:
            raise _refused(where, f"is more than {MAX_DEPTH} levels deep: make it flatter")
        for keyword, rule in schema.items():
            self._keyword(keyword, rule, where, depth, inside)

    def _keyword(
        self, keyword: str, rule: Any, where: str, depth: int, inside: tuple[str, ...]
    ) -> None:
        place = f"{where}.{_shown(keyword)}"
        if keyword == "$ref":
            self._reference(rule, place, depth, inside)
        elif keyword == "$defs" and depth:
            raise _refused(place, "is allowed at the root only: move it there")
        elif keyword == "additionalProperties" and isinstance(rule, bool):
            return
        elif keyword in _PLAIN:
            _check_plain(keyword, rule, place)
        elif keyword in _PARTS:
            for name, subschema in _PARTS[keyword](rule, place):
                self.part(subschema, name, depth + 1, inside)
        else:
            instead = _INSTEAD.get(keyword, f"known are {', '.join(KEYWORDS)}")
            raise _refused(place, f"is not taken; {instead}")

    def _reference(self, rule: Any, place: str, depth: int, inside: tuple[str, ...]) -> None:
        name = rule.removeprefix("#/$defs/") if isinstance(rule, str) else ""
        if not name or name == rule or name not in self._definitions:
            raise _refused(place, "must name a definition of this schema: write #/$defs/<name>")
        if name in inside:
            raise _refused(place, "leads back to itself: write the levels out")
        self.part(self._definitions[name], place, depth + 1, (*inside, name))


def _by_name(rule: Any, place: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(rule, dict):
        raise _refused(place, "must be an object of schemas by name")
    for name, subschema in rule.items():
        yield f"{place}.{_shown(name)}", subschema


def _in_order(rule: Any, place: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(rule, list) or not rule:
        raise _refused(place, "must be a list of schemas")
    for index, subschema in enumerate(rule):
        yield f"{place}[{index}]", subschema


def _one(rule: Any, place: str) -> Iterator[tuple[str, Any]]:
    yield place, rule


_PARTS: Mapping[str, Callable[[Any, str], Iterator[tuple[str, Any]]]] = {
    "properties": _by_name,
    "$defs": _by_name,
    "items": _one,
    "additionalProperties": _one,
    "anyOf": _in_order,
    "allOf": _in_order,
    "oneOf": _in_order,
}


def _check_plain(keyword: str, rule: Any, place: str) -> None:
    is_right, what = _PLAIN[keyword]
    if not is_right(rule):
        raise _refused(place, f"must be {what}")
    if keyword == "pattern":
        _check_pattern(rule, place)


def _check_pattern(pattern: str, place: str) -> None:
    # Few schemas have one: the others do not wait for the parser.
    from router.safe_regex import UnsafePattern, bounded

    try:
        bounded(pattern)
    except UnsafePattern as error:
        raise _refused(place, f"is not safe to search with: {error}") from None


def _refused(where: str, why: str) -> InvalidRequest:
    return InvalidRequest(f"`{where}` {why}")


def _shown(name: Any) -> str:
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


_Check = tuple[Callable[[Any], bool], str]
_NUMBER: _Check = (_is_number, "a number")
_SIZE: _Check = (_is_size, "a whole number, 0 or more")
_TEXT: _Check = (_is_text, "a string")
_ANYTHING: _Check = (lambda _: True, "")
_PLAIN: Mapping[str, _Check] = {
    "$schema": (lambda value: value == _DIALECT, _DIALECT),
    "type": (_is_type, f"one or several of {', '.join(_TYPES)}"),
    "required": (_is_names, "a list of different names"),
    "enum": (lambda value: isinstance(value, list) and bool(value), "a list of values"),
    "const": _ANYTHING,
    "minimum": _NUMBER,
    "maximum": _NUMBER,
    "exclusiveMinimum": _NUMBER,
    "exclusiveMaximum": _NUMBER,
    "multipleOf": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "minLength": _SIZE,
    "maxLength": _SIZE,
    "pattern": _TEXT,
    "minItems": _SIZE,
    "maxItems": _SIZE,
    "minProperties": _SIZE,
    "maxProperties": _SIZE,
    "title": _TEXT,
    "description": _TEXT,
    "default": _ANYTHING,
    "examples": (lambda value: isinstance(value, list), "a list"),
}
KEYWORDS = (*_PARTS, "$ref", *_PLAIN)
