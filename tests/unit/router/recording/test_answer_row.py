"""Where an answer is kept, and where it is found."""

from __future__ import annotations

from router.conversation.said import Said
from router.recording.answer_row import answer_row, stored_answer
from tests.support.runs import EXPIRES_AT, facts


def test_an_answer_has_a_row_of_its_own_that_goes_with_its_prompt() -> None:
    row = answer_row(facts(), Said("Paris."))

    assert (row["request_id"], row["item"], row["output"]) == ("r-1", "ANSWER", "Paris.")
    assert row["expires_at"] == EXPIRES_AT
    assert stored_answer({"ANSWER": row, "CONTENT": {"input": "{}"}}) == Said("Paris.")


def test_an_answer_that_an_earlier_version_kept_beside_its_prompt_is_found() -> None:
    assert stored_answer({"CONTENT": {"input": "{}", "output": "Paris."}}) == Said("Paris.")
    assert stored_answer({"CONTENT": {"input": "{}"}}) is None
