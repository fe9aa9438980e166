from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from cost_calculator.settlement import settle
from router.analyzer import Analyzer, load
from router.analyzer.calibration import Outcome
from router.learning.evidence import evidence_of
from router.learning.proposal import Bounds, cost_of_tiers, expected, moved_in_words, traffic_of
from router.learning.seen import Seen
from tests.support.cost_rows import HAIKU, PRICED_AT, RATES, SONNET, attempt, request

NEVER = Bounds(1, 0)


def seen(prompt: str | None = "What is 2 + 2?", duplicate: Any = None, **changes: Any) -> Seen:
    fields = {"route": "SIMPLE", "planned_provider": "bedrock", "planned_model": HAIKU,
              "model": HAIKU, "baseline_model": SONNET, "provider": "bedrock"}  # fmt: skip
    further = {}
    if prompt is not None:
        text = json.dumps({"messages": [{"role": "user", "content": prompt}], "system": None})
        further["CONTENT"] = {"item": "CONTENT", "input": text}
    if duplicate is not None:
        further["DUPLICATE"] = {"item": "DUPLICATE", **duplicate}
    row = settle(request(**{**fields, **changes}), RATES, PRICED_AT)
    return Seen(row, [settle(attempt(), RATES, PRICED_AT)], further)


def judged(strong: str, weak: str) -> dict[str, Any]:
    return {"outcome": "JUDGED", "strong": Decimal(strong), "weak": Decimal(weak)}


def test_a_judged_duplicate_has_both_scores_and_a_rating_the_cheaper_models() -> None:
    rows = [seen(duplicate=judged("0.9", "0.4")), seen(feedback="bad"), seen(feedback="good")]

    found = evidence_of(rows)

    assert found.counts == {"duplicates": 1, "feedback": 2}
    assert [(row.strong, row.weak) for row in found.outcomes] == [(0.9, 0.4), (1.0, 0.0), (1, 1)]


def test_each_source_can_be_taken_alone() -> None:
    rows = [
        seen(duplicate=judged("1", "1"), feedback="good"),
        seen(feedback="good", arm="B"),
        seen(feedback="good", shadow={"by": "x", "route": "COMPLEX"}),
        seen(feedback="good"),
    ]

    assert evidence_of(rows).counts == {"duplicates": 1, "split": 1, "shadow": 1, "feedback": 1}
    for source in ("duplicates", "split", "shadow"):
        assert evidence_of(rows, [source]).counts == {source: 1}
    # Without its scores, a judged request has its rating.
    assert evidence_of(rows, ["feedback"]).counts == {"feedback": 2}


def test_rated_answers_of_the_stronger_model_say_how_well_it_does() -> None:
    strong = [seen(feedback=("good", "bad")[n % 4 == 0], model=SONNET) for n in range(40)]

    few, many = (
        evidence_of([*strong[:9], seen(feedback="bad")]),
        evidence_of([*strong, seen(feedback="bad")]),
    )

    assert [row.strong for row in few.outcomes] == [1.0]
    assert [row.strong for row in many.outcomes] == [0.75]


def test_what_makes_no_row_is_counted_with_the_reason() -> None:
    gone = seen(None, feedback="good")
    unjudged = seen(duplicate={"outcome": "UNJUDGED"})

    found = evidence_of([gone, unjudged, seen(workflow="duplicates", feedback="good"), seen()])

    assert found.rows == []
    assert found.skipped == {"the text is gone, not stored or too large": 1}


def test_bounds_decide_as_analyze_does() -> None:
    bounds = Bounds(0.6, 0.2)

    tiers = [bounds.tier(*each) for each in (
        ("SIMPLE", 0.7), ("SIMPLE", 0.5), ("COMPLEX", 0.1), ("COMPLEX", 0.3), ("CALCULATION", 0.9),
    )]  # fmt: skip

    assert tiers == ["COMPLEX", "SIMPLE", "SIMPLE", "COMPLEX", "CALCULATION"]


def test_what_bounds_give_is_counted_by_the_real_rule() -> None:
    rows = [Outcome("a", 1, 0), Outcome("b", 1, 1), Outcome("c", 1, 0.5)]

    found = expected(rows, ["SIMPLE", "SIMPLE", "COMPLEX"], [0.9, 0.1, 0.1], Bounds(0.6, 0), (3, 0))

    assert (found.strong_share, found.kept, found.cost) == (2 / 3, 1.0, 2.0)


class Louder:
    """Weights that call everything hard."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer

    def classify_prompt(self, prompt: str) -> Any:
        from dataclasses import replace

        return replace(self._analyzer.classify_prompt(prompt), score=0.99)


def test_who_would_move_is_shown_with_cost_and_reasons_and_no_prompt() -> None:
    rows = [seen("What is the capital of France?") for _ in range(3)]
    rows += [seen(None), seen(route="COMPLEX", planned_model=SONNET, prompt="Prove it.")]
    rows[0].request["shadow"] = {"by": "x", "route": "COMPLEX"}
    now = (load(), NEVER)
    then: Any = (Louder(load()), Bounds(0.5, 0))

    found = traffic_of(rows, now, then, RATES)

    moved = found.moved["SIMPLE", "COMPLEX"]
    assert (moved.requests, moved.known, found.without_text) == (3, 3, 1)
    assert moved.then_usd > moved.usd > 0
    assert (found.shadowed, found.shadow_agrees) == (1, 1)
    [line] = moved_in_words(found)
    assert line.startswith("- 3 from SIMPLE to COMPLEX: costs $")
    assert "France" not in line


def test_the_costs_of_both_tiers_come_from_the_traffic_itself() -> None:
    cheap = [seen() for _ in range(2)]

    assert cost_of_tiers(cheap, RATES) is None
    found = cost_of_tiers([*cheap, seen(route="COMPLEX", planned_model=SONNET)], RATES)
    assert found is not None
    assert found[0] > found[1] > 0
