"""The shipped weights keep what was measured on the hand-written sets (see eval.benchmark)."""

from __future__ import annotations

import json
from pathlib import Path

from router.analyzer import load

SETS = Path(__file__).parents[3] / "sets"


def rows(name: str) -> list[dict[str, str]]:
    text = (SETS / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def said(prompt: str) -> str:
    return load().classify_prompt(prompt).label


def share(found: list[bool]) -> float:
    return sum(found) / len(found)


def test_developer_and_office_prompts_stay_right() -> None:
    assert share([said(r["prompt"]) == r["label"] for r in rows("handwritten")]) >= 0.94


def test_hard_prompts_seldom_go_to_the_cheapest_model() -> None:
    hard = [r for r in rows("handwritten") if r["label"] == "COMPLEX"]

    assert share([said(r["prompt"]) == "SIMPLE" for r in hard]) <= 0.03


def test_other_languages_stay_right() -> None:
    assert share([said(r["prompt"]) == r["label"] for r in rows("multilingual")]) >= 0.89


def test_attacks_seldom_flip_a_label() -> None:
    assert share([said(r["prompt"]) != said(r["clean"]) for r in rows("redteam")]) <= 0.065


def test_no_family_of_attacks_flips_every_second_label() -> None:
    flips: dict[str, list[bool]] = {}
    for r in rows("redteam"):
        flips.setdefault(r["family"], []).append(said(r["prompt"]) != said(r["clean"]))

    assert {f: share(v) for f, v in flips.items() if share(v) > 0.4} == {}


def test_odd_input_is_labelled_as_expected_or_unsure() -> None:
    wrong = []
    for r in rows("odd_input"):
        found = load().classify_prompt(r["prompt"])
        if r["expect"] == "unsure" and found.confidence > 0.97:
            wrong.append(r["id"])
        if r["expect"] not in ("any", "unsure") and found.label != r["expect"]:
            wrong.append(r["id"])

    assert len(wrong) <= 10, wrong
