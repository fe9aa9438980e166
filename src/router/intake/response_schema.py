"""Checks a request's ``response_schema``: JSON Schema of any draft, as libraries generate it.

What is taken can be validated in bounded work whatever the answer is: no reference leaves the
schema, or leads back to itself without a step into the answer; patterns are those of
``linear_regex``; and the schema with its references written out has a bounded number of parts.
``jsonschema`` itself would cost ``analyze`` 70 ms of each cold start.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from router.errors import InvalidRequest
from router.intake.schema_keywords import ANNOTATIONS, PLAIN, is_older_draft, shown
from router.intake.schema_pointers import NoSuchPlace, place_of

MAX_BYTES = 16_384
MAX_PARTS = 500
MAX_DEPTH = 16
_MOST_REFERENCES = 40
_INSTRUCTIONS_BYTES = 1_000  # what `router.invocation.answer_schema` may write around it

_INSTEAD = {
    "$dynamicRef": "write `$ref` to `#/$defs/…`",
    "$recursiveRef": 'write "$ref": "#"',
    "$anchor": "write `$ref` to `#/$defs/…`",
    "nullable": 'write "type": ["…", "null"]',
}

Schema = Mapping[str, Any]


def check_response_schema(schema: Schema) -> None:
    """Raise ``InvalidRequest`` with the place in ``schema``, and what to write there."""
    try:
        text = json.dumps(schema, ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidRequest("`response_schema` holds a lone surrogate: remove it") from None
    except ValueError:
        raise InvalidRequest("`response_schema` holds NaN or Infinity: write a number") from None
    if size > MAX_BYTES:
        raise InvalidRequest(
            f"`response_schema` takes {size} bytes and may take {MAX_BYTES}: shorten it"
        )
    try:
        json.loads(text, parse_int=_bounded)
    except OverflowError:
        raise InvalidRequest(
            "`response_schema` holds a whole number that no double can hold: write a smaller one"
        ) from None
    walk = _Walk(schema)
    walk.part(schema, "response_schema", 0, _Led(here=("#",)))
    if not walk.is_object(schema):
        raise InvalidRequest('`response_schema` must be of an object: write "type": "object"')


def _bounded(digits: str) -> None:
    float(int(digits))


def sent_bytes(schema: Schema) -> int:
    """Return the most UTF-8 bytes that a schema adds to a prompt."""
    return len(json.dumps(schema, ensure_ascii=False).encode()) + _INSTRUCTIONS_BYTES


@dataclass(frozen=True, slots=True)
class _Led:
    """The references that led to a place: ``here`` to this part of the answer, ``above`` to others
    around it."""

    here: tuple[str, ...] = ()
    above: tuple[str, ...] = ()

    def by(self, reference: str) -> _Led:
        return replace(self, here=(*self.here, reference))

    def inwards(self) -> _Led:
        return _Led(above=(*self.above, *self.here))


@dataclass(frozen=True, slots=True)
class _Size:
    """What a part of a schema costs with its references written out: its parts, and its levels."""

    parts: int = 0
    levels: int = 0

    def and_(self, other: _Size) -> _Size:
        return _Size(self.parts + other.parts, max(self.levels, other.levels))


class _Walk:
    """Walks a schema, each referenced place once, and adds up what it costs."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._older = is_older_draft(root.get("$schema"))
        self._sizes: dict[str, _Size] = {}
        self._cycles = 0

    def part(self, schema: Any, where: str, depth: int, led: _Led) -> _Size:
        """Check one subschema and return its size.

        A reference that leads back to itself after a step into the answer counts once: what it
        costs further down is counted while an answer is validated.
        """
        if isinstance(schema, bool) and depth:
            return _Size(1)
        if not isinstance(schema, dict):
            raise _refused(where, "must be an object")
        if depth > MAX_DEPTH:
            raise _refused(where, f"is more than {MAX_DEPTH} levels deep: make it flatter")
        size = _Size(1)
        for keyword, rule in schema.items():
            size = size.and_(self._keyword(keyword, rule, where, depth, led))
        if size.parts > MAX_PARTS:
            raise InvalidRequest(
                f"`response_schema` has more than {MAX_PARTS} parts, references written out:"
                " make it smaller"
            )
        return _Size(size.parts, size.levels + 1)

    def is_object(self, schema: Schema) -> bool:
        """Return whether the root demands an object, itself or by its references."""
        for _ in range(MAX_DEPTH):
            if "$ref" not in schema or "type" in schema:
                break
            schema = place_of(self._root, schema["$ref"])
        return schema.get("type") == "object"

    def _keyword(self, keyword: str, rule: Any, where: str, depth: int, led: _Led) -> _Size:
        place = f"{where}.{shown(keyword)}"
        if keyword == "$ref":
            return self._reference(rule, place, depth, led)
        if keyword in ("$schema", "$id") and depth:
            raise _refused(place, "is taken at the root only: leave it out here")
        if keyword == "items" and isinstance(rule, list) and not self._older:
            raise _refused(place, "is a list, as older drafts write it: write `prefixItems`")
        if keyword in ("$defs", "definitions"):
            for name, subschema in _by_name(rule, place):
                self.part(subschema, name, depth + 1, _Led())
        elif keyword in _SUBSCHEMAS:
            children, steps_in = _SUBSCHEMAS[keyword]
            size, inner = _Size(), led.inwards() if steps_in else led
            for name, subschema in children(rule, place):
                size = size.and_(self.part(subschema, name, depth + 1, inner))
            return size
        elif keyword == "pattern":
            _check_pattern(rule, place)
        elif keyword in PLAIN:
            is_right, what = PLAIN[keyword]
            if not is_right(rule):
                raise _refused(place, f"must be {what}")
        elif keyword not in ANNOTATIONS and not keyword.startswith("x-"):
            instead = _INSTEAD.get(keyword, f"known are {', '.join(KEYWORDS)}")
            raise _refused(place, f"is not taken; {instead}")
        return _Size()

    def _reference(self, rule: Any, place: str, depth: int, led: _Led) -> _Size:
        try:
            found = place_of(self._root, rule)
        except NoSuchPlace:
            raise _refused(
                place, "must name a place in this schema: write #/$defs/<name>"
            ) from None
        if rule in led.here:
            raise _refused(place, "leads back to itself at the same part of the answer")
        if rule in led.above:
            self._cycles += 1
            return _Size(1)
        if len(led.here) + len(led.above) > _MOST_REFERENCES:
            raise _refused(place, f"is behind more than {_MOST_REFERENCES} references: use fewer")
        if rule not in self._sizes:
            cycles = self._cycles
            size = self.part(found, place, 1, led.by(rule))
            # The answer decides how often a part that holds itself is written out.
            self._sizes[rule] = size if self._cycles == cycles else _Size(1, 1)
        size = self._sizes[rule]
        if depth + size.levels > MAX_DEPTH:
            raise _refused(place, f"is more than {MAX_DEPTH} levels deep: make it flatter")
        return size


def _by_name(rule: Any, place: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(rule, dict):
        raise _refused(place, "must be an object of schemas by name")
    for name, subschema in rule.items():
        yield f"{place}.{shown(name)}", subschema


def _by_pattern(rule: Any, place: str) -> Iterator[tuple[str, Any]]:
    yield from _by_name(rule, place)
    for pattern in rule:
        _check_pattern(pattern, place)


def _in_order(rule: Any, place: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(rule, list) or not rule:
        raise _refused(place, "must be a list of schemas")
    for index, subschema in enumerate(rule):
        yield f"{place}[{index}]", subschema


def _one(rule: Any, place: str) -> Iterator[tuple[str, Any]]:
    yield place, rule


def _one_or_in_order(rule: Any, place: str) -> Iterator[tuple[str, Any]]:
    return _in_order(rule, place) if isinstance(rule, list) else _one(rule, place)


# What holds subschemas, and whether they are about a part of the value.
_SUBSCHEMAS: Mapping[str, tuple[Callable[[Any, str], Iterator[tuple[str, Any]]], bool]] = {
    "properties": (_by_name, True),
    "patternProperties": (_by_pattern, True),
    "additionalProperties": (_one, True),
    "propertyNames": (_one, True),
    "items": (_one_or_in_order, True),
    "prefixItems": (_in_order, True),
    "additionalItems": (_one, True),
    "anyOf": (_in_order, False),
    "allOf": (_in_order, False),
    "oneOf": (_in_order, False),
    "not": (_one, False),
}
KEYWORDS = (*_SUBSCHEMAS, "$ref", "$defs", "definitions", "pattern", *PLAIN, *ANNOTATIONS)


def _check_pattern(pattern: Any, place: str) -> None:
    # Few schemas have one: the others do not wait for the parser.
    from router.linear_regex import UnsupportedPattern, searcher

    if not isinstance(pattern, str):
        raise _refused(place, "must be a string")
    try:
        searcher(pattern)
    except UnsupportedPattern as error:
        raise _refused(place, f"cannot be searched with: {error}") from None


def _refused(where: str, why: str) -> InvalidRequest:
    return InvalidRequest(f"`{where}` {why}")
