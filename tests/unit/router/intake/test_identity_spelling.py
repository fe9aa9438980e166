"""One JSON value in another spelling is the same payload, at every entry."""

from __future__ import annotations

import json

import pytest

from router.errors import Conflict
from router.intake.identity import Identity, payload_hash

SAME = [
    '{"input": "caf\\u00e9", "max_tokens": 100, "metadata": {"a": "1", "b": "2"}}',
    '{"max_tokens": 100.0, "input": "café", "metadata": {"b": "2", "a": "1"}}',
    '{"input":"caf\\u00E9","max_tokens":1e2,"metadata":{"a":"1","b":"2"},"request_id":"r"}',
    '{"input": "caf\\u00e9", "max_tokens": 0.1E+3, "metadata": {"a": "1", "b": "2"}, "rerun": 2}',
]
OTHERS = [
    '{"input": "café", "max_tokens": 101, "metadata": {"a": "1", "b": "2"}}',
    '{"input": "café", "max_tokens": true, "metadata": {"a": "1", "b": "2"}}',
    '{"input": "café", "max_tokens": "100", "metadata": {"a": "1", "b": "2"}}',
    '{"input": "cafe\\u0301", "max_tokens": 100, "metadata": {"a": "1", "b": "2"}}',
    '{"input": "café", "max_tokens": 100.5, "metadata": {"a": "1", "b": "2"}}',
]


@pytest.mark.parametrize("text", SAME)
def test_a_payload_in_another_spelling_is_the_same(text: str) -> None:
    mine = Identity("default", "r", payload_hash(json.loads(SAME[0])))

    assert mine.is_same(json.loads(text))
    mine.check_input(text)


@pytest.mark.parametrize("text", OTHERS)
def test_another_value_is_another_payload(text: str) -> None:
    with pytest.raises(Conflict):
        Identity("default", "r", payload_hash(json.loads(SAME[0]))).check_input(text)


def test_numbers_inside_a_schema_are_compared_as_numbers() -> None:
    def hashed(bound: str) -> str:
        schema = f'{{"type": "object", "properties": {{"n": {{"maximum": {bound}}}}}}}'
        return payload_hash(json.loads(f'{{"input": "x", "response_schema": {schema}}}'))

    assert len({hashed(bound) for bound in ("5", "5.0", "50e-1")}) == 1
    assert len({hashed(bound) for bound in ("0.1", "1e-1", "0.10")}) == 1
    assert len({hashed(bound) for bound in ("-0", "0", "0.0", "-0.0")}) == 1
    assert hashed("5") != hashed("6")
