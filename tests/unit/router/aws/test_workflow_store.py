"""Where a workflow finds what a step has answered."""

from __future__ import annotations

import io
from typing import Any

import pytest

from router.aws.answers_bucket import AnswerStore
from router.aws.workflow_store import WorkflowStore
from router.conversation.blocks import ToolCall
from router.conversation.said import Said


class Bucket:
    """Keeps objects by their keys."""

    def __init__(self) -> None:
        self._bodies: dict[str, bytes] = {}

    def put_object(self, *, Key: str, Body: bytes, **_: str) -> None:  # noqa: N803
        self._bodies[Key] = Body

    def get_object(self, *, Key: str, **_: str) -> dict[str, Any]:  # noqa: N803
        return {"Body": io.BytesIO(self._bodies[Key])}


CALLS = (ToolCall("call-1", "look_up", "{}"),)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ({"ANSWER": {"output": "Yes."}}, "Yes."),
        # As earlier versions kept it.
        ({"CONTENT": {"input": "Is it?", "output": "Yes."}}, "Yes."),
        ({"CONTENT": {"input": "Is it?"}}, None),
        ({}, None),
    ],
)
def test_an_answer_is_read_from_the_row_that_keeps_it(
    rows: dict[str, Any], expected: str | None
) -> None:
    store = WorkflowStore(object(), "usage", AnswerStore(Bucket, "answers-1"))

    assert store.text_of({"REQUEST": {}, **rows}) == expected


@pytest.mark.parametrize("said", [Said("A long text."), Said("A long text.", CALLS)])
def test_a_large_answer_is_read_as_its_text_whatever_is_beside_it(said: Said) -> None:
    s3 = Bucket()
    answers = AnswerStore(lambda: s3, "answers-1")
    address = answers.put("default#r-1", said)
    store = WorkflowStore(object(), "usage", answers)

    assert store.text_of({"REQUEST": {"output_s3": address}}) == "A long text."
