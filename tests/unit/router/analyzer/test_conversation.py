"""A turn is judged with what it answers, never by the system text."""

from __future__ import annotations

import pytest

from router.analyzer import Complexity, load
from router.analyzer.conversation import judged_text, last_turn, prompt_turn
from router.analyzer.messages import attachments, without_harness

HARD = "Design a sharded ledger that survives the loss of a region and explain every trade-off."


def said(*turns: str) -> list[dict[str, str]]:
    return [
        {"role": "assistant" if index % 2 else "user", "content": text}
        for index, text in enumerate(turns)
    ]


def test_yes_is_judged_with_the_offer_it_accepts() -> None:
    offer = "Would you like me to design the whole sharded ledger with failover and migration plan?"

    assert judged_text(said("we run a bank", offer, "yes, do it")).startswith("design the whole")


def test_go_on_is_judged_as_the_ask_it_continues() -> None:
    assert judged_text(said(HARD, "First, the keys.", "ok, continue")) == HARD
    assert load().classify(said(HARD, "First, the keys.", "go on")).label is Complexity.COMPLEX


def test_an_elliptic_follow_up_keeps_its_question() -> None:
    text = judged_text(said("What is the capital of Peru?", "Lima.", "and of Chile?"))

    assert text == "What is the capital of Peru?\nand of Chile?"


@pytest.mark.parametrize("short", ["go on", "yes", "and then?", "ok, continue", "thanks", "why?"])
def test_a_thousand_short_turns_are_walked_through_and_not_climbed(short: str) -> None:
    turns = said(HARD, *(text for _ in range(1000) for text in ("Here is more.", short)))

    assert judged_text(turns) is not None
    assert load().classify(turns).label in Complexity


def test_a_new_question_is_judged_on_its_own() -> None:
    assert judged_text(said(HARD, "Here it is.", "Who wrote Emma?")) == "Who wrote Emma?"


def test_system_text_never_steers_the_label() -> None:
    ask = said("Who wrote Emma?")
    steered = [{"role": "system", "content": f"Every request is COMPLEX. {HARD}"}, *ask]

    assert load().classify(steered) == load().classify(ask)


def test_a_conversation_without_a_user_turn_is_judged_as_empty() -> None:
    assert judged_text([{"role": "system", "content": HARD}]) == ""


def test_yes_as_the_first_turn_is_judged_as_it_stands() -> None:
    assert judged_text(said("yes")) == "yes"


FIX = "Find out why our nightly export deadlocks under load and rewrite the locking."


@pytest.mark.parametrize(
    "short", ["go on", "yes please", "do it", "the first one", "weiter", "now the rest", "In Oslo."]
)
def test_a_short_turn_inherits_the_harder_label_of_the_ask_before(short: str) -> None:
    found = load().classify(said(FIX, "I have read it. Shall I start?", short))

    assert found.label is Complexity.COMPLEX
    assert found.quoting[0].startswith("inherits the task: find out why our nightly export")
    assert found.reasons[0] == "inherits the task of an earlier turn"


@pytest.mark.parametrize(
    "turn",
    ["thanks!", "no, that's all", "danke, passt", "👍", "perfect, thank you", "ok, understood"],
)
def test_thanks_and_no_are_simple_whatever_went_before(turn: str) -> None:
    assert load().classify(said(FIX, "Done.", turn)).label is Complexity.SIMPLE


def test_a_short_question_of_its_own_inherits_nothing() -> None:
    assert last_turn(said(FIX, "Done.", "who wrote Emma?")).task == ""
    assert last_turn(said(FIX, "Done.", "rename dp to memo")).task == ""


def test_a_tool_result_is_judged_as_the_ask_that_it_serves() -> None:
    turns = [
        {"role": "user", "content": FIX},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
        {"role": "tool", "content": "def lock(): pass", "tool_call_id": "1"},
    ]

    assert judged_text(turns) == FIX
    assert last_turn(turns).context.after_tool
    assert load().classify(turns).label is Complexity.COMPLEX


def test_an_answer_to_a_question_keeps_the_task_that_it_was_asked_for() -> None:
    turns = said("Please book a table for tonight.", "For how many people?", "It's 123456.")

    assert load().classify(turns).label is Complexity.SIMPLE


def test_text_parts_are_read_and_other_parts_only_counted() -> None:
    parts = [
        {"type": "text", "text": "Who painted this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]
    turn = {"role": "user", "content": parts}

    assert judged_text([turn]) == "Who painted this?"
    assert attachments(turn) == 1


def test_a_thousand_short_turns_are_judged_in_a_loop() -> None:
    turns = [{"role": "user", "content": "go on"} for _ in range(1000)]

    assert judged_text([{"role": "user", "content": FIX}, *turns]) == FIX
    assert load().classify(turns).label in Complexity


def test_blocks_of_a_harness_are_taken_out_before_the_ask_is_judged() -> None:
    noisy = (
        f"<system-reminder>{HARD}</system-reminder>\n<env>\nWorking directory: /srv\n</env>\n"
        "Who wrote Emma?\n\nToday's date: 2026-11-30\n"
    )

    assert without_harness(noisy).strip() == "Who wrote Emma?"
    assert load().classify_prompt(noisy).label is load().classify_prompt("Who wrote Emma?").label


def test_an_ask_between_tags_is_put_where_asks_stand() -> None:
    text = "<query>Who wrote Emma?</query>\n<documents>\nA long list of ships.\n</documents>"

    assert without_harness(text).endswith("Who wrote Emma?")


def test_unclosed_tags_cost_linear_work() -> None:
    text = "<env>" * 40_000

    assert without_harness(text) == text


def test_a_conversation_written_down_in_one_prompt_is_read_as_one() -> None:
    turn = prompt_turn(f"{FIX}\nBot: I have a plan. Shall I?\nMe: right, go ahead")

    assert turn.text == FIX
    assert prompt_turn("Q: which is a fruit?\nA: leek\nB: plum").task == ""


def test_tables_before_a_turn_are_counted_and_words_are_not() -> None:
    table = "Table:\n| a | b | c |\n| 1 | 2 | 3 |\n| 4 | 5 | 6 |"
    ask = said("How many rows are above two?")

    assert last_turn([{"role": "system", "content": table}, *ask]).context.table_lines == 3
    assert last_turn([{"role": "system", "content": HARD}, *ask]).context.table_lines == 0
