"""A request's schema in the terms of the providers' own JSON modes.

They support a part of JSON Schema. A mode is used if that part helps, and never trusted: the answer
is validated against the request's schema in any case. Instructions describe what a mode would
refuse (400).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from router.encoding import mapping_of

Schema = Mapping[str, Any]

# Claude from 4.5 on; an inference profile's ARN does not show its model.
_CLAUDE_WITH_MODE = re.compile(r"(?:^|\.)claude-(?:haiku|sonnet|opus)-(?:4-[5-9]|[5-9])(?![0-9])")
_KEPT = {"type", "enum", "const", "description", "title"}
_BESIDE_A_CHOICE = {"anyOf", "description", "title", "$defs"}
# A part that names none of these may be anything: no mode takes it.
_SAYS_WHAT_IT_IS = {"type", "enum", "const", "anyOf", "$ref"}
_REMARKS = {"description", "title"}
_IN_NO_MODE = {"allOf", "oneOf", "not", "prefixItems", "definitions", "patternProperties"}
# Claude's grammar is refused as too large beyond so many properties that may be absent.
_MOST_OPTIONAL = 24
_MOST_LEVELS = 10


def has_claude_mode(model: str) -> bool:
    """Return whether a model id is that of a Claude whose answers can be bound to a schema."""
    return bool(_CLAUDE_WITH_MODE.search(model))


def with_root(schema: Schema) -> Schema:
    """Return a schema whose root is a reference, as recursive models have it, with its object
    written out: the modes want to see one there."""
    name = str(schema.get("$ref", ""))
    found = mapping_of(schema.get("$defs")).get(name.removeprefix("#/$defs/"))
    if schema.get("type") is not None or not isinstance(found, Mapping):
        return schema
    return {**found, **{name: rule for name, rule in schema.items() if name != "$ref"}}


def for_claude(schema: Schema) -> dict[str, Any] | None:
    """Return the schema as Claude accepts it: objects closed, without bounds.

    ``None`` if that would forbid what the schema allows, or allow nothing at all. An answer
    that fits what is returned may still break a bound, never the shape.
    """
    if _is_recursive(schema):
        return None
    try:
        closed = _closed(with_root(schema))
    except _NotExpressible:
        return None
    return closed if _optional(closed) <= _MOST_OPTIONAL else None


def fits_openai_strictly(schema: Schema) -> bool:
    """Return whether OpenAI's strict mode accepts the schema: closed, and every property
    required."""
    given = {name: rule for name, rule in with_root(schema).items() if name != "$schema"}
    try:
        return _closed(given) == given and _all_required(given) and _levels(given) <= _MOST_LEVELS
    except _NotExpressible:
        return False


class _NotExpressible(Exception):
    pass


def _closed(schema: Any) -> dict[str, Any]:
    if not isinstance(schema, Mapping) or schema.keys() & _IN_NO_MODE:
        raise _NotExpressible
    if not schema.keys() & _SAYS_WHAT_IT_IS:
        raise _NotExpressible
    if "anyOf" in schema and schema.keys() - _BESIDE_A_CHOICE:
        raise _NotExpressible  # two closed objects side by side would fit nothing
    if "$ref" in schema:
        return _reference(schema)
    kept: dict[str, Any] = {name: rule for name, rule in schema.items() if name in _KEPT}
    for name in ("properties", "$defs"):
        if name in schema:
            kept[name] = {key: _closed(value) for key, value in schema[name].items()}
    if "anyOf" in schema:
        kept["anyOf"] = [_closed(value) for value in schema["anyOf"]]
    if "items" in schema:
        kept["items"] = _closed(schema["items"])
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if "array" in types and "items" not in schema:
        raise _NotExpressible
    return kept | (_closed_object(schema) if "object" in types else {})


def _closed_object(schema: Schema) -> dict[str, Any]:
    if "properties" not in schema or schema.get("additionalProperties", False) is not False:
        raise _NotExpressible
    if set(schema.get("required", ())) - set(schema["properties"]):
        raise _NotExpressible  # closed, it would fit nothing
    required = {"required": schema["required"]} if "required" in schema else {}
    return {"additionalProperties": False, **required}


def _reference(schema: Schema) -> dict[str, Any]:
    """Return a reference without the remarks beside it, which the modes refuse."""
    name = schema["$ref"]
    if schema.keys() - _REMARKS - {"$ref"} or not str(name).startswith("#/$defs/"):
        raise _NotExpressible
    return {"$ref": name}


def _parts(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a schema, itself first."""
    if isinstance(schema, Mapping):
        yield schema
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from _parts(part)


def _is_recursive(schema: Schema) -> bool:
    definitions = mapping_of(schema.get("$defs"))
    leads_to = {
        f"#/$defs/{name}": {str(part["$ref"]) for part in _parts(rule) if "$ref" in part}
        for name, rule in definitions.items()
    }
    for start, following in leads_to.items():
        found: set[str] = set()
        waiting = set(following)
        while waiting:
            found |= waiting
            waiting = {it for name in waiting for it in leads_to.get(name, ())} - found
        if start in found:
            return True
    return False


def _optional(schema: Schema) -> int:
    return sum(
        len(set(part["properties"]) - set(part.get("required", ())))
        for part in _parts(schema)
        if isinstance(part.get("properties"), Mapping)
    )


def _levels(schema: Any) -> int:
    if isinstance(schema, Mapping):
        return ("type" in schema) + max(map(_levels, schema.values()), default=0)
    return max(map(_levels, schema), default=0) if isinstance(schema, list) else 0


def _all_required(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        own = schema.get("properties")
        if isinstance(own, Mapping) and set(schema.get("required", ())) != set(own):
            return False
        return all(map(_all_required, schema.values()))
    return all(map(_all_required, schema)) if isinstance(schema, list) else True
