from __future__ import annotations

from decimal import Decimal
from typing import Any

from cost_calculator.settlement import settle
from router.learning.seen import Seen
from router.learning.shadow_report import Shadow, as_json, in_words, shadows
from tests.support.cost_rows import HAIKU, PRICED_AT, RATES, SONNET, attempt, request

UP = {"by": "new", "route": "COMPLEX", "provider": "bedrock", "model": SONNET}
SAME = {"by": "new", "route": "SIMPLE", "provider": "bedrock", "model": HAIKU}


def seen(shadow: Any, *attempts: dict[str, Any], **changes: Any) -> Seen:
    row = request(route="SIMPLE", planned_model=HAIKU, shadow=shadow, **changes)
    calls = attempts or (attempt(),)
    return Seen(settle(row, RATES, PRICED_AT), [settle(each, RATES, PRICED_AT) for each in calls])


def only(*requests: Seen) -> Shadow:
    [found] = shadows(requests, RATES)
    return found


def test_a_disagreement_costs_its_tokens_at_the_other_models_price() -> None:
    one = seen(UP)

    found = only(one, seen(SAME))

    [(pair, move)] = found.others.items()
    assert pair == (f"SIMPLE {HAIKU}", f"COMPLEX {SONNET}")
    assert (found.requests, move.requests, move.known) == (2, 1, 1)
    assert move.usd == Decimal(one.attempts[0]["cost_usd"])
    assert move.shadow_usd == Decimal(one.attempts[0]["baseline_usd"])
    text = "\n".join(in_words(found))
    assert "2 requests, 1 decided otherwise (50.0%)" in text
    assert f"costs ${move.shadow_usd - move.usd:.6f} more" in text


def test_what_is_not_known_is_counted_as_unknown_and_is_no_zero() -> None:
    unpriced = {**UP, "model": "no-such-model"}
    no_usage = attempt(outcome="UNKNOWN")
    no_usage.pop("usage", None)

    found = only(seen(UP, no_usage), seen(UP, no_usage))
    assert "cost unknown" in "\n".join(in_words(found))
    other = only(seen(UP), seen(unpriced))

    assert [move.known for move in found.others.values()] == [0]
    assert sorted(move.known for move in other.others.values()) == [0, 1]
    assert "(unknown for 1)" in "\n".join(in_words(other))


def test_an_opinion_that_the_shadow_needs_not_is_what_it_saves() -> None:
    asked = attempt(number=0, purpose="classify", served=0)

    found = only(seen(SAME, asked, attempt()))

    assert found.unasked == 1
    assert found.unasked_usd > 0
    assert "1 opinions of an LLM that it needs not" in "\n".join(in_words(found))


def test_an_opinion_that_the_shadow_would_ask_for_is_unknown() -> None:
    found = only(seen(SAME | {"asks": 1}))

    assert (found.asks, found.unasked) == (1, 0)
    assert "are unknown" in "\n".join(in_words(found))


def test_ratings_are_shown_where_it_disagrees() -> None:
    found = only(seen(UP, feedback="good"), seen(UP, feedback="bad"), seen(UP))

    assert "1 of 2 rated answers are good" in "\n".join(in_words(found))


def test_each_shadow_has_a_report_of_its_own() -> None:
    found = shadows([seen(UP), seen(UP | {"by": "older"}), seen(UP)], RATES)

    assert [(shadow.by, shadow.requests) for shadow in found] == [("new", 2), ("older", 1)]


def test_refusals_and_running_requests_are_counted_apart() -> None:
    running = seen(UP)
    still = Seen({k: v for k, v in running.request.items() if k != "ended_at"}, ())

    found = only(seen({"by": "new", "refused": "PolicyDenied"}), still)

    assert (found.refused, found.open, len(found.moves)) == (1, 1, 0)
    assert as_json(found)["running"] == 1
