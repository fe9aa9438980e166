from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import InvalidRequest
from router.intake.response_schema import MAX_BYTES, MAX_DEPTH, MAX_PARTS, check_response_schema

INVOICE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["total", "lines"],
    "properties": {
        "total": {"type": "number", "minimum": 0},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "lines": {"type": "array", "maxItems": 99, "items": {"$ref": "#/$defs/line"}},
    },
    "$defs": {
        "line": {
            "type": "object",
            "required": ["text"],
            "properties": {"text": {"type": "string"}, "kind": {"enum": ["goods", "service"]}},
        }
    },
}


def with_property(schema: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": schema}}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def test_an_ordinary_schema_is_taken() -> None:
    check_response_schema(INVOICE)


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({}, 'write "type": "object"'),
        ({"type": "array"}, 'write "type": "object"'),
        (with_property(7), "`response_schema.properties.a` must be an object"),
        (with_property({"type": "text"}), "one or several of object"),
        (with_property({"minLength": "3"}), "must be a whole number"),
        (with_property({"minLength": True}), "must be a whole number"),
        (with_property({"enum": []}), "must be a list of values"),
        (with_property({"anyOf": []}), "must be a list of schemas"),
        ({"type": "object", "required": ["a", "a"]}, "a list of different names"),
        (with_property({"$ref": "https://evil.example/s.json"}), "write #/$defs/<name>"),
        (with_property({"$ref": "#"}), "write #/$defs/<name>"),
        (with_property({"$ref": "#/$defs/none"}), "write #/$defs/<name>"),
        (with_property({"$dynamicRef": "#a"}), "is not taken; write `$ref`"),
        (with_property({"format": "email"}), "is not checked: write a `pattern`"),
        (with_property({"uniqueItems": True}), "is not taken"),
        (with_property({"colour": "red"}), "is not taken; known are properties"),
        (with_property({"pattern": "(a+)+$"}), "`*` and `+` have no bound: write {0,40}"),
        (with_property({"pattern": "(a{0,40}){0,40}b"}), "can take more than"),
        (with_property({"$defs": {}}), "is allowed at the root only"),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}, "2020-12"),
        (nested(MAX_DEPTH + 1), "levels deep"),
        (with_property({"description": "x" * MAX_BYTES}), f"may take {MAX_BYTES}"),
        (with_property({"description": "\ud800"}), "lone surrogate"),
    ],
)
def test_what_is_no_schema_or_dangerous_is_refused_with_what_to_write(
    schema: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_response_schema(schema)

    assert says in str(refused.value)


def test_a_schema_that_leads_back_to_itself_is_refused() -> None:
    tree = {"type": "object", "properties": {"child": {"$ref": "#/$defs/tree"}}}

    with pytest.raises(InvalidRequest, match="leads back to itself"):
        check_response_schema({**tree, "$defs": {"tree": tree}})


def test_references_that_multiply_are_counted_as_what_they_cost() -> None:
    levels = {f"l{n}": {"anyOf": [{"$ref": f"#/$defs/l{n + 1}"}] * 6} for n in range(4)}
    bomb = {"type": "object", "$defs": {**levels, "l4": {"type": "string"}}}
    assert len(json.dumps(bomb)) < 1000

    with pytest.raises(InvalidRequest, match=f"more than {MAX_PARTS} parts"):
        check_response_schema(bomb)


_names = st.sampled_from(["a", "b", "type", "$ref", "pattern", "format", "items", "minimum"])
_rules = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-2, 9), st.sampled_from(["a", "string", "^a$"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["type", "properties", "items", "anyOf", "enum", "minLength", "pattern", "required"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["properties", "required", "$defs", "anyOf"]), _rules))
def test_whatever_is_taken_is_a_schema_to_jsonschema_too(given_schema: dict[str, Any]) -> None:
    schema = {**given_schema, "type": "object"}
    try:
        check_response_schema(schema)
    except InvalidRequest:
        return

    jsonschema.Draft202012Validator.check_schema(schema)
