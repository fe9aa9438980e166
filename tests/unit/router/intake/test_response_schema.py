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
        (with_property({"$ref": "#/properties"}), "is not taken"),
        (with_property({"$ref": "#/type"}), "write #/$defs/<name>"),
        (with_property({"$ref": "#a"}), "write #/$defs/<name>"),
        (with_property({"$ref": 7}), "write #/$defs/<name>"),
        (with_property({"$ref": "#/$defs/none"}), "write #/$defs/<name>"),
        (with_property({"$dynamicRef": "#a"}), "is not taken; write `$ref`"),
        (with_property({"format": 3}), "must be a string"),
        (with_property({"uniqueItems": "yes"}), "must be true or false"),
        (with_property({"nullable": True}), 'write "type": ["…", "null"]'),
        (with_property({"items": [{}]}), "write `prefixItems`"),
        (with_property({"minimum": float("nan")}), "NaN or Infinity"),
        (with_property({"minimum": 10**400}), "no double"),
        (with_property({"colour": "red"}), "is not taken; known are properties"),
        (with_property({"pattern": "(?<=a)b"}), "a lookbehind"),
        (with_property({"pattern": "("}), "is not a regular expression"),
        (with_property({"pattern": ["a"]}), "must be a string"),
        (with_property({"patternProperties": {"(": {}}}), "is not a regular expression"),
        (with_property({"$defs": {"a": 7}}), "must be an object"),
        (with_property({"$schema": "http://json-schema.org/draft-07/schema#"}), "at the root only"),
        ({"$schema": 7, "type": "object"}, "must be a string"),
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


TREE = {"type": "object", "properties": {"child": {"$ref": "#/$defs/tree"}}}


@pytest.mark.parametrize(
    "schema",
    [
        {**TREE, "$defs": {"tree": TREE}},
        {"$ref": "#/$defs/tree", "$defs": {"tree": TREE}},
        {"type": "object", "additionalProperties": {"$ref": "#"}},
        {"type": "object", "properties": {"a": {"items": {"$ref": "#/properties/a"}}}},
    ],
)
def test_a_schema_may_lead_back_to_itself_further_down_in_the_answer(schema: Any) -> None:
    check_response_schema(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "$ref": "#"},
        {"type": "object", "allOf": [{"$ref": "#"}]},
        with_property({"$ref": "#/properties/a"}),
        {"type": "object", "$ref": "#/$defs/a",
         "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}}},
    ],
)  # fmt: skip
def test_a_schema_that_leads_back_to_the_same_place_is_refused(schema: Any) -> None:
    with pytest.raises(InvalidRequest, match="leads back to itself"):
        check_response_schema(schema)


def test_a_long_chain_of_references_is_refused() -> None:
    chain = {f"n{n}": {"anyOf": [{"$ref": f"#/$defs/n{n + 1}"}]} for n in range(300)}

    with pytest.raises(InvalidRequest, match=r"levels deep|references"):
        check_response_schema(
            {"type": "object", "$ref": "#/$defs/n0", "$defs": {**chain, "n300": {}}}
        )


def test_many_parts_that_lead_to_each_other_are_walked_once_each() -> None:
    names = [f"n{number}" for number in range(18)]
    node = {"type": "object", "properties": {name: {"$ref": f"#/$defs/{name}"} for name in names}}

    check_response_schema({"$ref": "#/$defs/n0", "$defs": dict.fromkeys(names, node)})


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
