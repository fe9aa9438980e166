"""The schemas of bodies that only the HTTP API accepts, read once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from router.errors import InvalidRequest
from router.intake.json_schema import problems

_SHOWN_PROBLEMS = 5


def check(body: Any, name: str) -> None:
    """Raise ``InvalidRequest`` if a body does not fit the schema of that name."""
    refuse(list(problems(body, _schema(name))))


def refuse(found: list[str]) -> None:
    """Raise ``InvalidRequest`` with what is wrong, if anything is."""
    if found:
        raise InvalidRequest("; ".join(found[:_SHOWN_PROBLEMS]))


@cache
def _schema(name: str) -> Mapping[str, Any]:
    text = Path(__file__).with_name(f"{name}.schema.json").read_text(encoding="utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema
