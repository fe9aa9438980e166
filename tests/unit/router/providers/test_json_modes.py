from __future__ import annotations

from typing import Any

import pytest

from router.providers.json_modes import fits_openai_strictly, for_claude, has_claude_mode


def an_object(required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required or [*properties]}


@pytest.mark.parametrize(
    ("model", "has"),
    [
        ("us.anthropic.claude-haiku-5-5", True),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", True),
        ("claude-sonnet-5", True),
        ("claude-opus-4-6", True),
        ("anthropic.claude-sonnet-4-20250514-v1:0", False),
        ("anthropic.claude-3-5-haiku-20241022-v1:0", False),
        ("openai.gpt-6-luna", False),
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/x", False),
    ],
)
def test_a_mode_is_used_only_where_the_model_is_known_to_have_it(model: str, has: bool) -> None:
    assert has_claude_mode(model) is has


def test_claude_gets_closed_objects_and_no_bounds() -> None:
    schema = an_object(name={"type": "string", "maxLength": 9}, at={"type": "integer"})

    assert for_claude(schema) == {
        **an_object(name={"type": "string"}, at={"type": "integer"}),
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {**an_object(a={}), "additionalProperties": {"type": "string"}},
        {**an_object(a={}), "additionalProperties": True},
        {**an_object(a={}), "allOf": [an_object(b={})]},
        {**an_object(a={}), "anyOf": [an_object(b={}), an_object(c={})]},
        an_object(a={"oneOf": [{"type": "string"}]}),
    ],
)
def test_a_shape_that_claude_cannot_be_bound_to_is_told_in_words(schema: dict[str, Any]) -> None:
    assert for_claude(schema) is None


def test_openai_is_strict_only_with_a_schema_that_says_everything() -> None:
    closed = {**an_object(a={"type": "string"}), "additionalProperties": False}

    assert fits_openai_strictly(closed)
    assert not fits_openai_strictly(an_object(a={"type": "string"}))
    assert not fits_openai_strictly({**closed, "required": []})
    assert not fits_openai_strictly(
        {**an_object(a={"type": "string", "maxLength": 3}), "additionalProperties": False}
    )
