"""Answers bound to a schema, and the schemas that the providers refuse."""

import json
from typing import Any

import pytest
from anthropic import BadRequestError as AnthropicBadRequest
from botocore.exceptions import ClientError
from jsonschema import Draft202012Validator, FormatChecker
from openai import BadRequestError as OpenAIBadRequest

from local.simulator.instances import instance
from tests.local_patches.simulator.wire import Wire


@pytest.mark.parametrize("api", ["converse", "chat", "respond", "message"])
def test_schema_bound_answer_is_json_of_that_shape(wire: Wire, api: str) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}, "kind": {"enum": ["a", "b"]}},
        "required": ["n", "kind"],
        "additionalProperties": False,
    }
    named = {"name": "shape", "schema": schema}
    more: dict[str, Any] = {
        "converse": {
            "outputConfig": {
                "textFormat": {
                    "type": "json_schema",
                    "structure": {"jsonSchema": {"name": "shape", "schema": json.dumps(schema)}},
                }
            }
        },
        "chat": {"response_format": {"type": "json_schema", "json_schema": named}},
        "respond": {"text": {"format": {"type": "json_schema", **named}}},
        "message": {"output_config": {"format": {"type": "json_schema", "schema": schema}}},
    }[api]

    text = text_of(api, getattr(wire, api)(**more))

    parsed = json.loads(text)
    assert isinstance(parsed["n"], int)
    assert parsed["kind"] in {"a", "b"}


def text_of(api: str, answer: Any) -> str:
    if api == "converse":
        return str(answer["output"]["message"]["content"][-1]["text"])
    if api == "chat":
        return str(answer.choices[0].message.content)
    if api == "respond":
        return str(answer.output_text)
    return str(answer.content[-1].text)


TEXT = {"type": "string"}
CLOSED = {"additionalProperties": False, "type": "object"}


def closed(**properties: Any) -> dict[str, Any]:
    return {**CLOSED, "properties": properties, "required": list(properties)}


NODE = {
    "$defs": {
        "Node": closed(
            name=TEXT,
            next={"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
            children={"type": "array", "items": {"$ref": "#/$defs/Node"}},
        )
    },
    "$ref": "#/$defs/Node",
}
PART = {"properties": {"x": {"type": "boolean"}}}


@pytest.mark.parametrize(
    "schema",
    [
        {**closed(a={"$ref": "#/$defs/A"}), "$defs": {"A": closed(s=TEXT)}},
        NODE,
        closed(d={**TEXT, "format": "date"}, u={**TEXT, "format": "uuid"}),
        {"oneOf": [closed(kind={"const": "cat"})], "discriminator": {"propertyName": "kind"}},
        {"type": "array", "prefixItems": [{"type": "integer"}, TEXT], "minItems": 2, "maxItems": 2},
        {"type": "array", "items": {"type": "number", "multipleOf": 0.5}, "minItems": 3},
        {"type": "integer", "multipleOf": 7},
        {"type": "string", "pattern": "^[0-9]{5}$"},
        {"type": "string", "minLength": 9, "maxLength": 9},
        {"type": ["null", "string"]},
        {"type": "integer", "minimum": 500, "maximum": 501},
        {"type": "integer", "exclusiveMinimum": 500, "maximum": 501},
        {"type": "integer", "exclusiveMinimum": 500, "exclusiveMaximum": 502},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "integer", "maximum": -5},
        {
            "allOf": [{"$ref": "#/definitions/B"}, {"properties": {"y": {"type": "integer"}}}],
            "type": "object",
            "required": ["x", "y"],
            "definitions": {"B": PART},
        },
    ],
)
def test_an_instance_fits_its_schema(schema: dict[str, Any]) -> None:
    for question in ("a", "What is the capital of France?", "ü"):
        found = instance(schema, question)

        Draft202012Validator(schema, format_checker=FormatChecker()).validate(found)


def openai_shape(schema: Any, **more: Any) -> dict[str, Any]:
    named = {"name": "shape", "schema": schema, "strict": True, **more}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "array", "items": TEXT}, "must be a JSON Schema of 'type"),
        ({"type": "object", "properties": {}}, "'additionalProperties' is required"),
        ({**closed(a=TEXT, b=TEXT), "required": ["a"]}, "Missing 'b'"),
        ({**closed(a=TEXT), "required": ["a", "z"]}, "Extra required key 'z'"),
        (
            {**closed(a={"$ref": "#/$defs/A", "description": "x"}), "$defs": {"A": closed()}},
            r"\$ref cannot have keywords \{\\?'description\\?'\}",
        ),
        (closed(a={}), "schema must have a 'type' key"),
        (closed(a={"enum": ["x"]}), "schema must have a 'type' key"),
        (closed(a={"type": "array"}), "array schema missing items"),
        (closed(a={"anyOf": [{"description": "anything"}]}), "schema must have a 'type' key"),
        (closed(a={**TEXT, "default": "x"}), "'default' is not permitted"),
        (closed(a={**TEXT, "format": "uri"}), "'uri' is not a valid format"),
        (closed(a={"allOf": [TEXT]}), "'allOf' is not permitted"),
        ({**closed(), "anyOf": [closed()]}, "not permitted at the root"),
    ],
)
def test_openais_strict_mode_refuses(wire: Wire, schema: dict[str, Any], words: str) -> None:
    with pytest.raises(OpenAIBadRequest, match=words) as chat:
        wire.chat(**openai_shape(schema))
    with pytest.raises(OpenAIBadRequest, match=words):
        wire.respond(
            text={"format": {"type": "json_schema", "name": "a", "schema": schema, "strict": True}}
        )

    assert chat.value.code == "invalid_json_schema"
    assert wire.chat(**openai_shape(schema, strict=False)).choices


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "object", "properties": {}}, "must be explicitly set to false"),
        ({**closed(a=TEXT), "required": ["a", "z"]}, "required property 'z'"),
        (closed(a={}), "missing a 'type'"),
        (closed(a={"type": "array"}), "'items' is required"),
        (closed(a={"type": "integer", "minimum": 1}), "minimum is not supported"),
        (closed(a={**TEXT, "maxLength": 9, "minLength": 1}), "maxLength, minLength are not"),
        (closed(a={"oneOf": [TEXT]}), "'oneOf' is not supported"),
        (closed(a={"type": "array", "items": TEXT, "minItems": 2}), "other than 0 or 1"),
        (NODE, "Recursive schemas are not supported"),
        (closed(a={"$ref": "#/$defs/None"}), "cannot be resolved"),
        (closed(a={"$ref": "https://example.com/a.json"}), "External"),
        ({**closed(**{f"p{n}": TEXT for n in range(25)}), "required": []}, "grammar is too large"),
    ],
)
def test_claudes_mode_refuses(wire: Wire, schema: dict[str, Any], words: str) -> None:
    structure = {"jsonSchema": {"name": "a", "schema": json.dumps(schema)}}
    text_format = {"textFormat": {"type": "json_schema", "structure": structure}}

    with pytest.raises(AnthropicBadRequest, match=words):
        wire.message(output_config={"format": {"type": "json_schema", "schema": schema}})
    with pytest.raises(ClientError, match=words):
        wire.converse(outputConfig=text_format)


def test_a_strict_schema_of_references_and_choices_is_taken_by_all(wire: Wire) -> None:
    schema = {
        **closed(hero={"$ref": "#/$defs/A"}, old={"anyOf": [TEXT, {"type": "null"}]}),
        "$defs": {
            "A": closed(name=TEXT, kinds={"type": "array", "items": {**TEXT, "enum": ["x"]}})
        },
    }

    chat = wire.chat(**openai_shape(schema)).choices[0].message.content
    message = wire.message(output_config={"format": {"type": "json_schema", "schema": schema}})

    for text in (chat, message.content[-1].text):
        Draft202012Validator(schema).validate(json.loads(text))


def test_any_object_answers_json_object(wire: Wire) -> None:
    answer = wire.chat("Answer in json.", response_format={"type": "json_object"})

    assert isinstance(json.loads(answer.choices[0].message.content), dict)
