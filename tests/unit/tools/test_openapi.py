"""The OpenAPI document says what the schemas say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import openapi


def test_the_document_is_that_of_the_schemas() -> None:
    assert openapi.main(["--check"]) == 0, "run python -m tools.openapi"


def test_a_document_that_is_behind_is_reported_and_then_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openapi, "DOCUMENT", tmp_path / "openapi.json")

    assert openapi.main(["--check"]) == 1
    assert openapi.main([]) == 0
    assert openapi.main(["--check"]) == 0


def test_a_schema_of_two_types_becomes_a_choice_of_two() -> None:
    schema = {"type": ["boolean", "object"], "required": ["a"], "description": "d"}

    assert openapi.as_openapi(schema) == {
        "description": "d",
        "anyOf": [{"type": "boolean"}, {"type": "object", "required": ["a"]}],
    }
