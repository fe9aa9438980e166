"""The limits that AWS's own model of the service states: lengths, ranges, patterns, enumerations.

They are read out of botocore, so that they are those of the service and not ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape

_OFTEN = {"ContentBlock", "SystemContentBlock", "ToolResultContentBlock", "Tool", "ToolChoice"}


@cache
def _service() -> ServiceModel:
    return botocore.session.get_session().get_service_model("bedrock-runtime")


def violations(operation: str, body: Any) -> list[str]:
    """What the request breaks, in the words of the service."""
    shape = _service().operation_model(operation).input_shape
    assert shape is not None, operation
    return [
        found
        for name, member in shape.members.items()
        if name in body and not member.serialization.get("location")
        for found in _of(member, body[name], name)
    ]


def message(found: list[str]) -> str:
    """The message that lists them."""
    errors = "error" if len(found) == 1 else "errors"
    return f"{len(found)} validation {errors} detected: {'; '.join(found)}"


def _of(shape: Any, value: Any, at: str) -> Iterator[str]:
    if value is None or getattr(shape, "is_document_type", False):
        return
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            yield from _structure(shape, value, at)
        case "list" if isinstance(value, list):
            yield from _sized(shape, len(value), "length", "", at)
            for n, item in enumerate(value, 1):
                yield from _of(shape.member, item, f"{at}.{n}.member")
        case "map" if isinstance(value, dict):
            yield from _sized(shape, len(value), "length", "", at)
            for key, item in value.items():
                yield from _of(shape.value, item, f"{at}.{key}.member")
        case "string" if isinstance(value, str):
            yield from _string(shape, value, at)
        case "integer" | "float" | "double" if isinstance(value, int | float):
            yield from _sized(shape, value, "value", f" '{value}'", at)
        case "string" | "list" | "structure" | "map" | "integer" | "float" | "double":
            kind = shape.type_name
            yield f"Value at '{at}' failed to satisfy constraint: Member must be a {kind}"


def _structure(shape: Any, value: dict[str, Any], at: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield (
                f"Value null at '{at}.{name}' failed to satisfy constraint: Member must not be null"
            )
    given = [name for name in value if name in shape.members and value[name] is not None]
    if shape.metadata.get("union") and shape.name in _OFTEN and len(given) != 1:
        keys = ", ".join(shape.members)
        yield f"{shape.name} object at {at} must set one of the following keys: {keys}."
    for name in given:
        yield from _of(shape.members[name], value[name], f"{at}.{name}")


def _string(shape: Shape, value: str, at: str) -> Iterator[str]:
    yield from _sized(shape, len(value), "length", f" '{value[:100]}'", at)
    pattern = shape.metadata.get("pattern")
    if value and pattern and not re.fullmatch(pattern, value):
        yield (
            f"Value '{value[:100]}' at '{at}' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {pattern}"
        )
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield (
            f"Value '{value[:100]}' at '{at}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        )


def _sized(shape: Shape, size: float, what: str, shown: str, at: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    start = f"Value{shown} at '{at}' failed to satisfy constraint: Member must have {what}"
    if least is not None and size < least:
        yield f"{start} greater than or equal to {least}"
    if most is not None and size > most:
        yield f"{start} less than or equal to {most}"
