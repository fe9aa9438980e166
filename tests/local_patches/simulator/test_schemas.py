"""Answers bound to a schema, and the schemas that the providers refuse."""

import json
from typing import Any

import pytest

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
