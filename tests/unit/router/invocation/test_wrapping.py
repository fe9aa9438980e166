"""JSON in an ordinary wrapping is JSON, for a checked answer and for the classifier's reply."""

from __future__ import annotations

import pytest

from router.invocation.answer_schema import validate
from router.invocation.wrapping import unwrapped
from router.llm_classifier.question import parse_reply

WRAPPINGS = [
    "{}",
    "```\n{}\n```",
    "```json\n{}\n```",
    "```JSON\n{}\n```",
    "```Json5 \n{}\n```",
    "```json\r\n{}\r\n```",
    "```json\r{}\r```",
    "```json\n{}```",
    "```{}```",
    "````json\n{}\n````",
    "~~~json\n{}\n~~~",
    "\ufeff{}",
    "\ufeff```json\n{}\n```",
    "```json\n\ufeff{}\n```\n",
    "\n\u200b {} \n\n",
]


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_an_ordinary_wrapping_costs_no_repair(wrapping: str) -> None:
    schema = {"type": "object", "properties": {"amount": {"type": "number"}}}
    wrapped = wrapping.replace("{}", '{"amount": 2.5}')

    found = validate(wrapped, schema)

    assert (found.text, found.problems) == ('{"amount": 2.5}', ())


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_the_classifiers_reply_may_be_wrapped_as_well(wrapping: str) -> None:
    assert parse_reply(wrapping.replace("{}", '{"class": "COMPLEX"}')) == "COMPLEX"


@pytest.mark.parametrize(
    "text",
    [
        "Here it is:\n```json\n{}\n```",
        "```json\n{}\n```\nAnything else?",
        "```json\n{}\n```\n```json\n{}\n```",
        "```json\n{}",
        "``{}``",
    ],
)
def test_words_around_it_are_no_wrapping(text: str) -> None:
    assert parse_reply(text.replace("{}", '{"class": "SIMPLE"}')) is None


def test_a_fence_inside_a_string_is_part_of_the_answer() -> None:
    assert unwrapped('{"code": "```py\\nx\\n```"}') == '{"code": "```py\\nx\\n```"}'
