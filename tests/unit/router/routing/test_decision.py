"""When an LLM is asked, and how far its opinion goes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cost_calculator.tiers import TIERS
from router.catalog.pricing_context import PricingContext
from router.config.settings import Config
from router.llm_classifier.question import Opinion
from router.routing.decision import Decision, decide
from tests.support.factories import (
    AT,
    HAIKU,
    SONNET,
    analyzer,
    classification,
    config,
    request,
)

MARKET = PricingContext(AT, "us-east-1", 512)
PROMPT = {"input": "Compare the two offers and tell me which one to take."}
_tiers = st.sampled_from(TIERS)


def decision(
    label: str = "COMPLEX", confidence: float = 0.5, payload: Any = None, **settings: Any
) -> Decision:
    judged = classification(label, confidence=confidence)
    return decide(
        request(payload or PROMPT), judged, config(**({"analyzer": analyzer()} | settings))
    )


def tiers(**models: str) -> dict[str, Any]:
    named = {"SIMPLE": HAIKU, "CALCULATION": HAIKU, "COMPLEX": SONNET} | models
    return {
        name: {"provider": "bedrock", "model": model, "max_tokens": 2048, "fallbacks": []}
        for name, model in named.items()
    }


def asks(it: Decision) -> bool:
    return it.question(MARKET)[0] is not None


def test_hybrid_asks_when_unsure_and_something_is_at_stake() -> None:
    question, notes = decision("COMPLEX", 0.5).question(MARKET)

    assert question is not None
    assert (question.model, question.max_tokens) == (HAIKU, 24)
    assert notes == ()


def test_hybrid_does_not_ask_when_sure() -> None:
    assert decision("COMPLEX", 0.7).question(MARKET) == (None, ())


def test_hybrid_does_not_ask_where_the_models_cost_the_same_and_says_so() -> None:
    question, [note] = decision("SIMPLE", 0.5).question(MARKET)

    assert question is None
    assert note.startswith("unsure; no LLM was asked: that costs $0.0000")
    assert note.endswith("are at stake")


def test_hybrid_does_not_ask_for_an_answer_that_costs_less_than_the_asking() -> None:
    """A classifier for $0.00058 on an answer for $0.00012 would lose money on each call."""
    dear = analyzer(model="us.anthropic.claude-sonnet-5-5")

    assert asks(decision("COMPLEX", 0.6, payload={"input": "hi"}))
    assert not asks(decision("COMPLEX", 0.6, payload={"input": "hi", "max_tokens": 1}))
    assert not asks(decision("CALCULATION", 0.69, tiers=tiers(COMPLEX=HAIKU), analyzer=dear))


def test_a_price_that_is_not_known_is_said_and_nobody_is_asked() -> None:
    for unknown in (
        {"analyzer": analyzer(model="us.anthropic.claude-next")},
        {"tiers": tiers(COMPLEX="us.anthropic.claude-next")},
        {"tiers": tiers(CALCULATION="us.anthropic.claude-next")},
    ):
        question, [note] = decision("COMPLEX", 0.5, **unknown).question(MARKET)

        assert question is None
        assert note == "unsure; no LLM was asked: no price is known of us.anthropic.claude-next"


def described(confidence: float = 0.95, **settings: Any) -> Decision:
    """Return the decision on a described situation that the heuristic is sure to be SIMPLE."""
    judged = classification("SIMPLE", confidence=confidence, situation=True)
    return decide(request(PROMPT), judged, config(**({"analyzer": analyzer()} | settings)))


def test_hybrid_asks_about_a_situation_however_sure_it_is_that_it_is_simple() -> None:
    assert asks(described(0.99))
    assert not asks(described(0.99, analyzer={"strategy": "heuristic"}))


@pytest.mark.parametrize("verdict", TIERS)
def test_a_situation_goes_where_the_opinion_says(verdict: str) -> None:
    assert described().plan_with(Opinion(verdict)).tier == verdict


def test_a_situation_stays_below_its_tenant_s_ceiling() -> None:
    capped = described(tenants={"*": {"ceiling": "CALCULATION"}})

    assert capped.plan_with(Opinion("COMPLEX")).tier == "CALCULATION"


def test_nobody_is_asked_about_a_situation_that_its_score_has_moved_already() -> None:
    routing = {"raise_above": 0.4, "lower_below": 0.0}

    assert not asks(described(routing=routing))
    assert described(routing=routing).plan().tier == "COMPLEX"


def test_a_situation_whose_answer_costs_the_same_everywhere_is_not_worth_a_question() -> None:
    assert not asks(described(tiers=tiers(COMPLEX=HAIKU)))


def test_llm_asks_however_sure_the_heuristic_is() -> None:
    assert asks(decision("SIMPLE", 0.99, analyzer=analyzer("llm")))


@pytest.mark.parametrize(
    "settled",
    [
        {"payload": {"input": "hi", "tier": "COMPLEX"}},
        {"tenants": {"*": {"pins": [{"contains": "offers", "tier": "COMPLEX"}]}}},
        {"tenants": {"*": {"floor": "COMPLEX"}}},
    ],
    ids=["the caller named a tier", "a pin decides", "the bounds leave one tier"],
)
@pytest.mark.parametrize("strategy", ["llm", "hybrid"])
def test_nobody_is_asked_what_is_settled(strategy: str, settled: dict[str, Any]) -> None:
    assert decision("COMPLEX", 0.4, analyzer=analyzer(strategy), **settled).question(MARKET) == (
        None,
        (),
    )


def test_without_an_llm_nobody_is_asked() -> None:
    assert decision(analyzer={"strategy": "heuristic"}).question(MARKET) == (None, ())
    assert decision(analyzer=None).question(MARKET) == (None, ())


def test_a_forbidden_provider_is_not_asked_either() -> None:
    openai = {"provider": "openai", "model": "gpt-6-luna", "max_tokens": 2048}
    only = {"SIMPLE": openai, "CALCULATION": openai, "COMPLEX": openai}

    question, [note] = decision(
        tiers=only, tenants={"*": {"deny_providers": ["bedrock"]}}
    ).question(MARKET)

    assert question is None
    assert note == "no LLM was asked: the tenant may not use bedrock"


def test_an_opinion_that_agrees_is_noted() -> None:
    plan = decision("COMPLEX").plan_with(Opinion("COMPLEX"))

    assert (plan.tier, plan.reasons[0]) == ("COMPLEX", "the LLM agrees on COMPLEX")


def test_an_opinion_moves_the_request_by_one_tier_and_the_row_says_so() -> None:
    plan = decision("COMPLEX").plan_with(Opinion("SIMPLE"))

    assert plan.tier == "CALCULATION"
    assert plan.reasons[0] == "the LLM said SIMPLE: moved from COMPLEX to CALCULATION"
    assert plan.reasons[-1] == "asks for one fact"


def test_an_opinion_beyond_the_bounds_changes_nothing_and_is_noted() -> None:
    bounded = decision("COMPLEX", tenants={"*": {"floor": "COMPLEX"}})

    plan = bounded.plan_with(Opinion("SIMPLE"))

    assert plan.tier == "COMPLEX"
    assert plan.reasons[0] == (
        "the LLM said SIMPLE, which the tenant's rules rule out: COMPLEX stays"
    )


def test_an_opinion_never_moves_a_request_to_a_tier_without_a_permitted_model() -> None:
    only_openai = {
        **tiers(),
        "CALCULATION": {"provider": "openai", "model": "gpt-6-luna", "max_tokens": 2048},
    }
    denied = decision("COMPLEX", tiers=only_openai, tenants={"*": {"deny_providers": ["openai"]}})

    assert denied.plan_with(Opinion("CALCULATION")).tier == "COMPLEX"


def test_no_opinion_leaves_the_heuristics_choice_and_says_why() -> None:
    plan = decision("COMPLEX").plan_with(Opinion(None, "ModelTimeout"))

    assert plan.tier == "COMPLEX"
    assert plan.reasons[0] == "the LLM gave no opinion (ModelTimeout): the heuristic decides"


@given(
    label=_tiers,
    verdict=st.one_of(st.none(), _tiers),
    score=st.floats(0, 1),
    floor=_tiers,
    ceiling=_tiers,
    denied=st.sets(st.sampled_from(["openai", "anthropic"])),
    asked=st.one_of(st.none(), _tiers),
)
def test_whatever_an_llm_says_moves_one_tier_at_most_and_stays_in_bounds(
    label: str,
    verdict: str | None,
    score: float,
    floor: str,
    ceiling: str,
    denied: set[str],
    asked: str | None,
) -> None:
    assume(TIERS.index(floor) <= TIERS.index(ceiling))
    settings: Config = config(
        analyzer=analyzer("llm"),
        tenants={"*": {"floor": floor, "ceiling": ceiling, "deny_providers": sorted(denied)}},
    )
    payload = {"input": "hi"} | ({"tier": asked} if asked else {})
    it = decide(request(payload), classification(label, score), settings)
    before, after = it.plan(), it.plan_with(Opinion(verdict))

    ranks = [TIERS.index(plan.tier) for plan in (before, after)]
    assert abs(ranks[0] - ranks[1]) <= 1
    assert TIERS.index(floor) <= ranks[1] <= TIERS.index(ceiling)
    assert after.models
    if asked or verdict is None:
        assert before.tier == after.tier


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (analyzer("always"), "analyzer.strategy must be one of heuristic, llm, hybrid"),
        (analyzer(provider="openai"), "analyzer.provider must be bedrock"),
    ],
)
def test_a_bad_analyzer_setting_is_refused_when_the_settings_are_loaded(
    settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        config(analyzer=settings)
