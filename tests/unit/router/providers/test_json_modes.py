from __future__ import annotations

from typing import Any

import pytest

from router.providers.json_modes import (
    fits_openai_strictly,
    for_claude,
    has_claude_mode,
    with_root,
)

TEXT = {"type": "string"}


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
        {**an_object(a=TEXT), "additionalProperties": {"type": "string"}},
        {**an_object(a=TEXT), "additionalProperties": True},
        {**an_object(a=TEXT), "allOf": [an_object(b=TEXT)]},
        {**an_object(a=TEXT), "anyOf": [an_object(b=TEXT), an_object(c=TEXT)]},
        an_object(a={"oneOf": [{"type": "string"}]}),
        an_object(a={}),
        an_object(a={"description": "anything"}),
        an_object(a={"type": "array"}),
        an_object(a={"type": "array", "prefixItems": [TEXT], "items": TEXT}),
        an_object(a={"not": {}}),
        an_object(a=True),
        an_object(["a", "b"], a=TEXT),
        an_object(a={"$ref": "#/properties/b"}, b=TEXT),
        {
            **an_object(a={"$ref": "#/$defs/n"}),
            "$defs": {"n": {**an_object(b={"$ref": "#/$defs/n"})}},
        },
        {**an_object([], **{f"p{n}": TEXT for n in range(25)}), "required": []},
    ],
)
def test_a_shape_that_claude_cannot_be_bound_to_is_told_in_words(schema: dict[str, Any]) -> None:
    assert for_claude(schema) is None


def test_many_properties_are_no_trouble_while_few_may_be_absent() -> None:
    wide = an_object(**{f"p{n}": TEXT for n in range(60)})
    optional = {**an_object(**{f"p{n}": TEXT for n in range(24)}), "required": []}

    assert for_claude(wide) is not None
    assert for_claude(optional) is not None


PERSON = {**an_object(n={"type": "string"}), "additionalProperties": False}


@pytest.mark.parametrize(
    ("beside", "strict"),
    [({}, True), ({"description": "the hero"}, False), ({"title": "Hero"}, False)],
)
def test_a_remark_beside_a_reference_is_not_for_the_modes(
    beside: dict[str, str], strict: bool
) -> None:
    reference = {"$ref": "#/$defs/person"}
    schema = {**an_object(hero={**reference, **beside}), "$defs": {"person": PERSON},
              "additionalProperties": False}  # fmt: skip

    assert fits_openai_strictly(schema) is strict
    assert (for_claude(schema) or {})["properties"] == {"hero": reference}


def test_openai_is_strict_with_a_dialect_and_with_a_part_that_holds_itself() -> None:
    node = {**an_object(next={"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}),
            "additionalProperties": False}  # fmt: skip
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **an_object(first={"$ref": "#/$defs/node"}),
        "additionalProperties": False,
        "$defs": {"node": node},
    }

    assert fits_openai_strictly(schema)


def test_a_root_that_is_a_reference_is_written_out() -> None:
    node = {**an_object(next={"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}),
            "additionalProperties": False}  # fmt: skip
    schema = {"$ref": "#/$defs/node", "$defs": {"node": node}}

    assert with_root(schema) == {**node, "$defs": {"node": node}}
    assert fits_openai_strictly(schema)
    assert with_root(node) == node


def test_openai_is_not_strict_beyond_ten_levels() -> None:
    schema: dict[str, Any] = PERSON
    for _ in range(11):
        schema = {**an_object(n=schema), "additionalProperties": False}

    assert not fits_openai_strictly(schema)


def test_openai_is_strict_only_with_a_schema_that_says_everything() -> None:
    closed = {**an_object(a={"type": "string"}), "additionalProperties": False}

    assert fits_openai_strictly(closed)
    assert not fits_openai_strictly(an_object(a={"type": "string"}))
    assert not fits_openai_strictly({**closed, "required": []})
    assert not fits_openai_strictly(
        {**an_object(a={"type": "string", "maxLength": 3}), "additionalProperties": False}
    )
