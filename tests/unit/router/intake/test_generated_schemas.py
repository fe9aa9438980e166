"""Schemas as pydantic and zod generate them are taken unchanged, and mean what they mean there.

``tests/support/generated_schemas.jsonl`` holds one of each shape, with a value that the library's
own parser takes and one that it refuses.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from router.intake.response_schema import check_response_schema
from router.invocation.answer_schema import validate
from router.providers.json_modes import fits_openai_strictly, for_claude

PATH = Path(__file__).parents[3] / "support" / "generated_schemas.jsonl"
GENERATED = [json.loads(line) for line in PATH.read_text(encoding="utf-8").splitlines()]
each = pytest.mark.parametrize(
    "given", GENERATED, ids=[f"{it['library']}: {it['shape']}" for it in GENERATED]
)


@each
def test_it_is_taken_as_it_is(given: dict[str, Any]) -> None:
    check_response_schema(given["schema"])


@each
def test_it_admits_and_refuses_what_its_library_does(given: dict[str, Any]) -> None:
    fits, fails = (validate(json.dumps(given[name]), given["schema"]) for name in ("fits", "fails"))

    assert fits.problems == ()
    assert fails.problems


@each
def test_each_mode_is_given_it_or_its_instructions_are(given: dict[str, Any]) -> None:
    fits_openai_strictly(given["schema"])
    for_claude(given["schema"])
