"""A turn is judged with what it answers, never by the system text."""

from __future__ import annotations

from router.analyzer import Complexity, load
from router.analyzer.conversation import judged_text

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
