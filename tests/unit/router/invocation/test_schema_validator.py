"""JSON Schema as it is meant: exact numbers, ECMA patterns, bounded whatever the answer is."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import InvalidModelRequest
from router.invocation.answer_schema import validate
from router.invocation.schema_validator import (
    MOST_STEPS,
    TooMuchWork,
    Work,
    check_schema,
    errors_of,
    parse,
)


def breaks(value: str, **rule: Any) -> bool:
    schema = {"type": "object", "properties": {"a": rule}}
    return bool(list(errors_of(parse(f'{{"a": {value}}}'), schema)))


@pytest.mark.parametrize(
    ("value", "rule", "broken"),
    [
        ("19.99", {"multipleOf": 0.01}, False),
        ("19.999", {"multipleOf": 0.01}, True),
        ("0.3", {"multipleOf": 0.1}, False),
        ("1e300", {"multipleOf": 0.1}, False),
        ("7", {"multipleOf": 2}, True),
        ("100.0", {"type": "integer"}, False),
        ("1e2", {"const": 100}, False),
        ("0.1", {"enum": [0.1]}, False),
        ("true", {"multipleOf": 2}, False),
        ('"12345"', {"pattern": "^[0-9]{5}$"}, False),
        ('"12345\\n"', {"pattern": "^[0-9]{5}$"}, True),
        ('"١٢٣٤٥"', {"pattern": "^\\d{5}$"}, True),
        ('"a$"', {"pattern": "^a[$]$"}, False),
        ('"a$"', {"pattern": "^a\\$$"}, False),
    ],
)
def test_numbers_are_decimal_and_patterns_are_ecmas(
    value: str, rule: dict[str, Any], broken: bool
) -> None:
    assert breaks(value, **rule) == broken


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1e999999999}',
        '{"a": 1e999}',
        '{"a": -1.8e308}',
        '{"a": -1E-999999}',
        f'{{"a": {"9" * 400}}}',
        '{"a": NaN}',
    ],
)
def test_a_number_that_no_double_holds_is_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"bounds|no JSON"):
        parse(text)


@pytest.mark.slow
def test_many_parts_times_many_values_end_as_a_problem_of_the_answer() -> None:
    choices = [{"const": f"no {number}"} for number in range(490)]
    schema = {"type": "object", "properties": {"a": {"items": {"anyOf": choices}}}}
    answer = json.dumps({"a": ["x"] * 20_000})
    started = time.process_time()

    found = validate(answer, schema)

    assert found.problems
    assert any("too much work" in problem.where for problem in found.problems[-1:]) or (
        time.process_time() - started < 60
    )


def test_many_patterns_times_a_long_text_are_counted_before_they_run() -> None:
    costly = [{"pattern": "(?:a{0,12}){2}[bc]"} for _ in range(465)]
    schema = {"type": "object", "properties": {"a": {"allOf": costly}}}
    value = parse(json.dumps({"a": "a" * 32_000}))

    with pytest.raises(TooMuchWork):
        list(errors_of(value, schema))


def test_work_ends_with_its_steps_or_with_its_time() -> None:
    clock = iter([0.0, 1.0, 31.0]).__next__
    work = Work(clock)
    work.spend(1)
    with pytest.raises(TooMuchWork):
        work.spend(1)
    with pytest.raises(TooMuchWork):
        Work().spend(MOST_STEPS + 1)


def test_a_schema_that_is_invalid_is_refused_before_any_call() -> None:
    with pytest.raises(InvalidModelRequest, match="response_schema"):
        check_schema({"type": "nonsense"})


@pytest.mark.parametrize("fence", ["```JSON\n{}\n```", "```json\r\n{}\r\n```", "\ufeff{}", " {} "])
def test_an_ordinary_wrapping_costs_no_repair(fence: str) -> None:
    found = validate(fence, {"type": "object"})

    assert (found.text, found.value, found.problems) == ("{}", {}, ())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)


@given(JSON, st.sampled_from(["object", "array", "string", "number", "integer", "null"]))
def test_whatever_a_model_answers_is_measured_and_never_raises(value: Any, kind: str) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": kind, "multipleOf": 0.1, "pattern": "^a$"}},
    }

    validate(json.dumps({"a": value}), schema)
    validate(json.dumps(value), schema)
