"""Checks a body against the schema of what it may hold; each schema is read once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from router.errors import InvalidRequest
from router.intake.json_schema import problems

_SHOWN_PROBLEMS = 5


def check(body: Any, schema: Path) -> None:
    """Raise ``InvalidRequest`` if a body does not fit the schema in a file."""
    refuse(list(problems(body, _read(schema))))


def refuse(found: list[str]) -> None:
    """Raise ``InvalidRequest`` with what is wrong, if anything is."""
    if found:
        raise InvalidRequest("; ".join(found[:_SHOWN_PROBLEMS]))


@cache
def _read(path: Path) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema
