"""A request's schema in the terms of the providers' own JSON modes.

They support a part of JSON Schema. A mode is used if that part helps, and never trusted: the answer
is validated against the request's schema in any case. Instructions describe what a mode would
refuse (400).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

# Claude from 4.5 on; an inference profile's ARN does not show its model.
_CLAUDE_WITH_MODE = re.compile(r"(?:^|\.)claude-(?:haiku|sonnet|opus)-(?:4-[5-9]|[5-9])(?![0-9])")
_KEPT = {"type", "enum", "const", "description", "title", "$ref"}
_BESIDE_A_CHOICE = {"anyOf", "description", "title", "$defs"}


def has_claude_mode(model: str) -> bool:
    """Return whether a model id is that of a Claude whose answers can be bound to a schema."""
    return bool(_CLAUDE_WITH_MODE.search(model))


def for_claude(schema: Schema) -> dict[str, Any] | None:
    """Return the schema as Claude accepts it: objects closed, without bounds.

    ``None`` if that would forbid what the schema allows, or allow nothing at all. An answer
    that fits what is returned may still break a bound, never the shape.
    """
    try:
        return _closed(schema)
    except _NotExpressible:
        return None


def fits_openai_strictly(schema: Schema) -> bool:
    """Return whether OpenAI's strict mode accepts the schema: closed, and every property
    required."""
    return for_claude(schema) == schema and _all_required(schema)


class _NotExpressible(Exception):
    pass


def _closed(schema: Any) -> dict[str, Any]:
    if not isinstance(schema, Mapping) or schema.keys() & {"allOf", "oneOf"}:
        raise _NotExpressible
    if "anyOf" in schema and schema.keys() - _BESIDE_A_CHOICE:
        raise _NotExpressible  # two closed objects side by side would fit nothing
    kept: dict[str, Any] = {name: rule for name, rule in schema.items() if name in _KEPT}
    for name in ("properties", "$defs"):
        if name in schema:
            kept[name] = {key: _closed(value) for key, value in schema[name].items()}
    if "anyOf" in schema:
        kept["anyOf"] = [_closed(value) for value in schema["anyOf"]]
    if "items" in schema:
        kept["items"] = _closed(schema["items"])
    types = schema.get("type", [])
    if "object" in ([types] if isinstance(types, str) else types):
        if "properties" not in schema or schema.get("additionalProperties", False) is not False:
            raise _NotExpressible
        kept["additionalProperties"] = False
        if "required" in schema:
            kept["required"] = schema["required"]
    return kept


def _all_required(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        own = schema.get("properties")
        if isinstance(own, Mapping) and set(schema.get("required", ())) != set(own):
            return False
        return all(map(_all_required, schema.values()))
    return all(map(_all_required, schema)) if isinstance(schema, list) else True
