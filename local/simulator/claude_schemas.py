"""The JSON Schemas that Claude's constrained decoding takes: for answers, and for strict tools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOST_OPTIONAL = 24
MOST_STRICT = 20
_FORMATS = {
    *("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"),
}
_BOUNDS = {
    "string": {"minLength", "maxLength"},
    "integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "array": {"maxItems", "uniqueItems", "contains", "prefixItems"},
    "object": {"patternProperties", "minProperties", "maxProperties", "propertyNames"},
}
_NO_TYPE_NEEDED = {"anyOf", "allOf", "enum", "const", "$ref"}
_TOO_LARGE = (
    "The compiled grammar is too large, which would cause performance issues. "
    "Simplify your tool schemas or reduce the number of strict tools."
)


def tool_problem(schema: Mapping[str, Any]) -> str | None:
    """What is wrong with a tool's schema, strict or not."""
    if schema.keys() & {"oneOf", "allOf", "anyOf"}:
        return "input_schema does not support oneOf, allOf, or anyOf at the top level"
    if schema.get("type") != "object":
        return "type: Input should be 'object'" if "type" in schema else "type: Field required"
    return None


def problem(schemas: Sequence[Any]) -> str | None:
    """What is wrong with the schemas that bind one request, together compiled into one grammar."""
    for schema in schemas:
        for found in _problems(schema, schema, ()):
            return found
    optional = sum(_optional(schema) for schema in schemas)
    return _TOO_LARGE if optional > MOST_OPTIONAL or len(schemas) > MOST_STRICT else None


def _problems(schema: Any, root: Any, inside: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(schema, Mapping):
        yield "Schema must be an object"
        return
    if ref := schema.get("$ref"):
        yield from _reference(str(ref), root, inside)
    if "oneOf" in schema:
        yield "Schema type 'oneOf' is not supported"
    kinds = schema.get("type", [])
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        yield from _of_kind(kind, schema)
    if not kinds and not schema.keys() & _NO_TYPE_NEEDED:
        yield "Schema is missing a 'type'"
    for each in (schema.get("properties") or {}).values():
        yield from _problems(each, root, inside)
    for name in ("anyOf", "allOf"):
        for each in schema.get(name) or ():
            yield from _problems(each, root, inside)
    if "items" in schema:
        yield from _problems(schema["items"], root, inside)


def _reference(ref: str, root: Any, inside: tuple[str, ...]) -> Iterator[str]:
    if not ref.startswith("#"):
        yield f"External $ref '{ref}' is not supported"
    elif ref in inside:
        yield f"Recursive schemas are not supported: '{ref}' refers to itself"
    else:
        found = root
        for part in ref.split("/")[1:]:
            found = found.get(part) if isinstance(found, Mapping) else None
        if found is None:
            yield f"$ref '{ref}' cannot be resolved"
        else:
            yield from _problems(found, root, (*inside, ref))


def _of_kind(kind: str, schema: Mapping[str, Any]) -> Iterator[str]:
    if given := sorted(schema.keys() & _BOUNDS.get(kind, set())):
        verb = "properties" if len(given) > 1 else "property"
        end = "are" if len(given) > 1 else "is"
        yield f"For '{kind}' type, {verb} {', '.join(given)} {end} not supported"
    if kind == "string" and "format" in schema and schema["format"] not in _FORMATS:
        yield f"For 'string' type, format '{schema['format']}' is not supported"
    if kind == "array" and "items" not in schema:
        yield "For 'array' type, 'items' is required"
    if kind == "array" and schema.get("minItems", 0) > 1:
        yield "For 'array' type, 'minItems' values other than 0 or 1 are not supported"
    if kind == "object":
        if schema.get("additionalProperties") is not False:
            yield "For 'object' type, 'additionalProperties' must be explicitly set to false"
        for name in schema.get("required") or ():
            if name not in (schema.get("properties") or {}):
                yield f"For 'object' type, required property '{name}' is not in 'properties'"


def _optional(schema: Any) -> int:
    if isinstance(schema, list):
        return sum(map(_optional, schema))
    if not isinstance(schema, Mapping):
        return 0
    own = schema.get("properties")
    count = len(own.keys() - set(schema.get("required") or ())) if isinstance(own, Mapping) else 0
    return count + sum(map(_optional, schema.values()))
