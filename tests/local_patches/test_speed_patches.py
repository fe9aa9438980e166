"""What makes the emulator quicker changes nothing else of it."""

import copy
import inspect
import itertools
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonata.jsonata import Jsonata
from jsonata.parser import Parser
from jsonata.timebox import Timebox
from ministack.core import iam_evaluator
from ministack.services import dynamodb, stepfunctions

from local import cloud_time
from local.emulator.patches import registry
from local.emulator.patches.dynamodb import item_copies
from local.emulator.patches.iam import parsed_policies
from local.emulator.patches.stepfunctions import evaluation_time, parsed_expressions, start_delay

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
POLICY = '{"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}'


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The expressions that were parsed, with the patch applied until the test's end."""
    texts: list[str] = []
    parse = Parser.parse

    def counted(parser: Any, text: str, engine: Any) -> Any:
        texts.append(text)
        return parse(parser, text, engine)

    monkeypatch.setattr(Parser, "parse", counted)
    monkeypatch.setattr(Jsonata, "get_parser", Jsonata.get_parser)
    monkeypatch.setattr(iam_evaluator, "parse_policy_document", iam_evaluator.parse_policy_document)
    registry.apply(parsed_expressions, parsed_policies)
    return texts


@pytest.fixture
def patched_timebox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Timebox, "__init__", Timebox.__init__)
    monkeypatch.setattr(Timebox, "check_runaway", Timebox.check_runaway)
    registry.apply(evaluation_time)


def evaluate(expression: str, **variables: Any) -> Any:
    return stepfunctions._evaluate_jsonata(expression, {}, {"variables": variables})


def test_an_expression_is_parsed_once_and_evaluated_with_what_it_is_given(
    parsed: list[str],
) -> None:
    expression = "$map([1..3], function($n) { $n * $factor })"

    answers = [evaluate(expression, factor=factor) for factor in (1, 2, 1)]

    assert answers == [[1, 2, 3], [2, 4, 6], [1, 2, 3]]
    assert parsed == [expression]


def test_null_stays_null_and_what_is_undefined_an_error_each_time(parsed: list[str]) -> None:
    for _ in range(2):
        assert evaluate("$there", there=None) is None
        with pytest.raises(stepfunctions._ExecutionError, match="did not return a result"):
            evaluate("$absent")


def test_an_expression_that_cannot_be_parsed_is_refused_each_time(parsed: list[str]) -> None:
    for _ in range(2):
        with pytest.raises(stepfunctions._ExecutionError, match="S0203"):
            evaluate("$sum(")
    assert evaluate("1 + 1") == 2


def test_an_expression_has_its_second_at_each_evaluation(
    parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate("$n + 1", n=1)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 60)

    assert evaluate("$n + 1", n=2) == 3


def test_an_expressions_second_is_of_work_and_not_of_waiting_for_a_processor(
    patched_timebox: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = itertools.count(time.time(), 60)
    monkeypatch.setattr(time, "time", lambda: next(later))

    assert evaluate("$n + 1", n=2) == 3


def test_an_expression_without_an_end_is_given_up(patched_timebox: None) -> None:
    with pytest.raises(stepfunctions._ExecutionError, match="D1012"):
        evaluate("($forever := function($n) { $forever($n + 1) }; $forever(0))")


def test_a_policy_is_parsed_once_by_its_text_and_a_changed_one_anew(parsed: list[str]) -> None:
    parse = iam_evaluator.parse_policy_document

    assert parse(POLICY) is parse(POLICY)
    assert parse(POLICY)[0].effect == "Allow"
    assert parse(POLICY.replace("Allow", "Deny"))[0].effect == "Deny"


@given(JSON)
def test_a_copied_item_is_equal_and_nothing_in_it_is_shared(item: Any) -> None:
    before = copy.deepcopy(item)
    copied = item_copies.copied(item)

    assert copied == item
    _empty(copied)
    assert item == before


def test_what_is_no_plain_data_is_copied_as_well() -> None:
    item = {"price": Decimal("0.1"), "in": [{1, 2}]}

    copied = item_copies.copied(item)
    copied["in"][0].clear()

    assert (copied["price"], item["in"]) == (Decimal("0.1"), [{1, 2}])


def test_dynamodb_copies_its_items_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamodb, "copy", dynamodb.copy)
    monkeypatch.setattr(item_copies, "copied", lambda item: {**item, "copied": {"BOOL": True}})
    registry.apply(item_copies)

    changed = dynamodb._apply_update_expression({}, "SET c = :c", {":c": {"N": "1"}}, {})

    assert changed[0]["copied"] == {"BOOL": True}


def test_an_execution_begins_at_once_and_other_waits_last(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(stepfunctions, "time", stepfunctions.time)
    monkeypatch.setattr(cloud_time, "sleep", slept.append)
    registry.apply(start_delay)

    stepfunctions.time.sleep(start_delay.DELAY)
    stepfunctions.time.sleep(3)

    assert slept == [3]
    assert f"time.sleep({start_delay.DELAY})" in inspect.getsource(stepfunctions._run_execution)


def _empty(value: Any) -> None:
    """Take out everything, at all depths."""
    if isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            _empty(member)
        value.clear()
