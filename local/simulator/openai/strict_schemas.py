"""The JSON Schemas that OpenAI takes: any tool's, and those of strict tools and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_FORMATS = {
    *("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"),
}
_FORBIDDEN = (
    *("allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas"),
    *("patternProperties", "unevaluatedProperties", "propertyNames", "minProperties"),
    *("maxProperties", "unevaluatedItems", "contains", "minContains", "maxContains"),
    *("uniqueItems", "default", "prefixItems"),
)
_DEEPEST, _MOST_PROPERTIES = 10, 5000
Place = tuple[str, ...]


def loose_problem(schema: Any) -> str | None:
    """What OpenAI refuses even where nothing is strict: no object, an array without items."""
    if kind := _not_an_object(schema):
        return kind
    return next(_arrays(schema, ()), None)


def problem(schema: Any) -> str | None:
    """What OpenAI's strict mode refuses, in its words."""
    if kind := _not_an_object(schema):
        return kind
    if "anyOf" in schema:
        return "In context=(), 'anyOf' is not permitted at the root."
    if _properties(schema) > _MOST_PROPERTIES:
        return f"The schema has more than {_MOST_PROPERTIES} object properties."
    return next(_strict(schema, (), 0), None)


def _not_an_object(schema: Any) -> str | None:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    if kind == "object":
        return None
    return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."


def _arrays(schema: Any, at: Place) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if schema.get("type") == "array" and "items" not in schema and "prefixItems" not in schema:
            yield f"{_context(at)}array schema missing items."
        for name, each in schema.items():
            yield from _arrays(each, (*at, str(name)))


def _strict(schema: Any, at: Place, depth: int) -> Iterator[str]:
    if not isinstance(schema, Mapping):
        yield f"{_context(at)}schema must be an object."
        return
    if depth > _DEEPEST:
        yield f"{_context(at)}the schema has more than {_DEEPEST} levels of nesting."
    if "$ref" in schema:
        if beside := sorted(schema.keys() - {"$ref"}):
            names = ", ".join(f"'{name}'" for name in beside)
            yield f"{_context(at)}$ref cannot have keywords {{{names}}}."
        return
    for name in _FORBIDDEN:
        if name in schema:
            yield f"{_context(at)}'{name}' is not permitted."
    if "type" not in schema and "anyOf" not in schema:
        yield f"{_context(at)}schema must have a 'type' key."
    kinds = schema.get("type", [])
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        yield from _of_kind(kind, schema, at)
    for name in ("properties", "$defs", "definitions"):
        for key, each in (schema.get(name) or {}).items():
            yield from _strict(each, (*at, name, key), depth + (name == "properties"))
    for n, each in enumerate(schema.get("anyOf") or ()):
        yield from _strict(each, (*at, "anyOf", str(n)), depth)
    if "items" in schema:
        yield from _strict(schema["items"], (*at, "items"), depth + 1)


def _of_kind(kind: str, schema: Mapping[str, Any], at: Place) -> Iterator[str]:
    if kind == "array" and "items" not in schema:
        yield f"{_context(at)}array schema missing items."
    if kind == "string" and "format" in schema and schema["format"] not in _FORMATS:
        yield f"{_context(at)}'{schema['format']}' is not a valid format."
    if kind != "object":
        return
    if schema.get("additionalProperties") is not False:
        yield f"{_context(at)}'additionalProperties' is required to be supplied and to be false."
    properties, required = schema.get("properties") or {}, schema.get("required") or []
    for name in properties:
        if name not in required:
            yield (
                f"{_context(at)}'required' is required to be supplied and to be an array including "
                f"every key in properties. Missing '{name}'."
            )
    for name in required:
        if name not in properties:
            yield f"{_context(at)}Extra required key '{name}' supplied."


def _properties(schema: Any) -> int:
    if not isinstance(schema, Mapping):
        return 0
    return len(schema.get("properties") or {}) + sum(map(_properties, schema.values()))


def _context(at: Place) -> str:
    return f"In context={at!r}, "
