"""What OpenAI's two protocols have in common: values without effect, and whose request it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def is_one_of(value: Any, defaults: Sequence[Any]) -> bool:
    """Return whether a value is one of OpenAI's own defaults, and so has no effect."""
    # True equals 1 in Python, not in JSON.
    return any(
        bool(value == default) and isinstance(value, bool) == isinstance(default, bool)
        for default in defaults
    )


def metadata_of(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the metadata of a body, with its ``user`` among them."""
    user = {"user": body["user"]} if "user" in body else {}
    return {**body.get("metadata", {}), **user}
