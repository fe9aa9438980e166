"""Checks a value against the part of JSON Schema that ``request.schema.json`` uses.

``jsonschema`` costs 70 ms of every cold start and a compiled wheel; a test holds this checker
equal to it on generated requests. An unknown keyword raises, so the schema cannot outgrow it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from router.encoding import shown_name

_ANNOTATIONS = {"$schema", "title", "description"}
_TYPES: Mapping[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": int | float,
    "boolean": bool,
    "null": type(None),
}
# A keyword says something of values of its own kind alone.
_OF: Mapping[type, tuple[str, ...]] = {
    str: ("pattern", "minLength", "maxLength"),
    list: ("minItems", "maxItems", "items"),
    dict: (
        "maxProperties", "required", "properties", "additionalProperties", "propertyNames",
    ),
    float: ("minimum", "maximum"),
    int: ("minimum", "maximum"),
}  # fmt: skip


def problems(value: Any, schema: Mapping[str, Any], field: str = "") -> Iterator[str]:
    """Yield what is wrong with ``value``, each line naming the field and what to write instead.

    A value is never quoted: it may be a prompt.
    """
    where = f"`{field}`" if field else "the request"
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(_has_type(value, name) for name in names):
        yield f"{where} must be {' or '.join(map(_an, names))}, not {_name_of(value)}"
        return
    for keyword, rule in schema.items():
        if keyword in _ANNOTATIONS or keyword == "type":
            continue
        check = _CHECKS[keyword]
        if keyword == "enum" or keyword in _OF.get(type(value), ()):
            yield from check(value, rule, schema, field, where)


def _has_type(value: Any, name: str) -> bool:
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    if name == "number" and isinstance(value, float):
        return math.isfinite(value)  # JSON has no NaN, though Python reads one
    return isinstance(value, _TYPES[name]) and isinstance(value, bool) == (name == "boolean")


def _enum(value: Any, rule: Any, _schema: Any, _field: str, where: str) -> Iterator[str]:
    if value not in rule:
        yield f"{where} must be one of {', '.join(rule)}"


def _pattern(value: Any, rule: str, _schema: Any, _field: str, where: str) -> Iterator[str]:
    # JSON Schema's $ matches at the very end only; Python's also before a last newline.
    if not re.search(rule.replace("$", r"\Z"), value):
        yield f"{where} must match {rule}"


def _minimum(value: Any, rule: int, _schema: Any, _field: str, where: str) -> Iterator[str]:
    if value < rule:
        yield f"{where} must be at least {rule}"


def _maximum(value: Any, rule: int, _schema: Any, _field: str, where: str) -> Iterator[str]:
    if value > rule:
        yield f"{where} must be at most {rule}"


def _min_size(value: Any, rule: int, _schema: Any, _field: str, where: str) -> Iterator[str]:
    if len(value) < rule:
        yield f"{where} must not be empty"


def _max_size(value: Any, rule: int, _schema: Any, _field: str, where: str) -> Iterator[str]:
    if len(value) > rule:
        yield f"{where} must have at most {rule} {_UNITS[type(value)]}, and has {len(value)}"


def _required(value: Any, rule: list[str], _schema: Any, _field: str, where: str) -> Iterator[str]:
    for name in rule:
        if name not in value:
            yield f"{where} must have `{name}`"


def _items(value: Any, rule: Any, _schema: Any, field: str, _where: str) -> Iterator[str]:
    for index, item in enumerate(value):
        yield from problems(item, rule, f"{field}[{index}]")


def _properties(value: Any, rule: Any, _schema: Any, field: str, _where: str) -> Iterator[str]:
    for name, subschema in rule.items():
        if name in value:
            yield from problems(value[name], subschema, f"{field}.{name}" if field else name)


def _additional(value: Any, rule: Any, schema: Any, field: str, where: str) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in value.keys() - known.keys():
        if rule is False:
            shown = shown_name(name)
            yield f"{where} has the unknown field `{shown}`; known are {', '.join(known)}"
        else:
            shown = shown_name(name)
            yield from problems(value[name], rule, f"{field}.{shown}" if field else shown)


def _names(value: Any, rule: Any, _schema: Any, _field: str, where: str) -> Iterator[str]:
    if not any(problem for name in value for problem in problems(name, rule)):
        return
    if "pattern" in rule:
        yield f"{where} must have names that match {rule['pattern']}"
    else:
        yield f"{where} must have names of {rule['minLength']} to {rule['maxLength']} characters"


_UNITS: Mapping[type, str] = {str: "characters", list: "items", dict: "fields"}
_CHECKS = {
    "enum": _enum,
    "pattern": _pattern,
    "minimum": _minimum,
    "maximum": _maximum,
    "minLength": _min_size,
    "minItems": _min_size,
    "maxLength": _max_size,
    "maxItems": _max_size,
    "maxProperties": _max_size,
    "required": _required,
    "items": _items,
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": _names,
}


def _an(name: str) -> str:
    return f"an {name}" if name[0] in "aio" else f"a {name}"


def _name_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, float):
        return "a number"
    return next(_an(name) for name, kind in _TYPES.items() if isinstance(value, kind))
