"""Finds the place that a ``$ref`` names inside its own schema. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote


class NoSuchPlace(LookupError):
    """The reference leaves the schema, or names no place in it."""


def place_of(root: Mapping[str, Any], reference: Any) -> Any:
    """Return the subschema at a JSON pointer such as ``#/$defs/line``; ``#`` is the root."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise NoSuchPlace
    found: Any = root
    pointer = unquote(reference[1:])
    if pointer and not pointer.startswith("/"):
        raise NoSuchPlace
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            raise NoSuchPlace
    if not isinstance(found, Mapping | bool):
        raise NoSuchPlace
    return found
