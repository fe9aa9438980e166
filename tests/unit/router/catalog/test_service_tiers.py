"""Service tier and latency: asked as configured, priced as served, never priced as ordinary."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import anthropic
import boto3
import openai
import pytest
from botocore.config import Config as BotocoreConfig

from cost_calculator.book import default_book
from cost_calculator.max_cost import most_of_call
from local.simulator.server import Simulator
from router import errors
from router.acceptance.exact_cache import slot_of
from router.acceptance.max_cost import most_of_request
from router.catalog.models import Model
from router.catalog.pricing_context import PricingContext
from router.catalog.service_tiers import mode_of
from router.config.settings import Config
from router.config.tenants import CacheRule, Rules
from router.invocation.call import Answer, ModelCall, Provider
from router.invocation.invoke import CallFailed, invoke
from router.llm_classifier.worth_asking import why_not_ask
from router.providers import anthropic_api, openai_api
from router.providers.anthropic_api import Anthropic
from router.providers.bedrock import Bedrock
from router.providers.openai_api import OpenAI
from router.routing.decision import decide
from router.routing.plan_json import plan_to_json
from router.routing.run_plan import RunPlan
from tests.support.factories import AT, HAIKU, SONNET, asking, classification, config, request

GPT = "gpt-5-mini"
NOVEMBER = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Simulator(0, sleep=lambda _seconds: None) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def providers(url: str) -> Iterator[dict[str, Provider]]:
    keys = BotocoreConfig(retries={"total_max_attempts": 1})
    bedrock: Any = boto3.client(
        "bedrock-runtime",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=keys,
    )
    gpt = openai.OpenAI(base_url=f"{url}/v1", api_key="sk-local-1", max_retries=0)
    claude = anthropic.Anthropic(base_url=url, api_key="sk-ant-local-1", max_retries=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openai_api, "api_key", lambda _: "sk-local-1")
        patch.setattr(anthropic_api, "api_key", lambda _: "sk-ant-local-1")
        yield {
            "bedrock": Bedrock(bedrock),
            "openai": OpenAI(gpt, "/key"),
            "anthropic": Anthropic(claude, "/key"),
        }
    gpt.close()
    claude.close()
    bedrock.close()


def call(provider: str, **asked: Any) -> ModelCall:
    model = {"bedrock": HAIKU, "openai": "gpt-6-luna", "anthropic": "claude-haiku-5-5"}[provider]
    return ModelCall(provider, model, asking("What is the capital of France?"), 200, **asked)


# The simulator answers with the tier that it was asked for: what comes back was sent.
@pytest.mark.parametrize(
    ("provider", "asked", "mode"),
    [
        ("bedrock", {}, "standard"),
        ("bedrock", {"service_tier": "flex"}, "flex"),
        ("bedrock", {"service_tier": "default"}, "standard"),
        ("bedrock", {"latency": "optimized"}, "optimized"),
        ("bedrock", {"service_tier": "priority", "latency": "optimized"}, "priority+optimized"),
        ("openai", {}, "standard"),
        ("openai", {"service_tier": "priority"}, "priority"),
        ("openai", {"service_tier": "auto"}, "standard"),
        ("anthropic", {}, "standard"),
        ("anthropic", {"service_tier": "standard_only"}, "standard"),
    ],
)
def test_the_tier_asked_for_goes_over_the_wire_and_the_one_served_comes_back(
    providers: dict[str, Provider], provider: str, asked: dict[str, Any], mode: str
) -> None:
    _, attempt = invoke(call(provider, **asked), providers[provider], lambda: AT, 256)

    assert attempt.mode == mode


@pytest.mark.parametrize(
    ("provider", "asked"),
    [
        ("bedrock", {"service_tier": "cheap"}),
        ("bedrock", {"latency": "quick"}),
        ("openai", {"service_tier": "cheap"}),
        ("anthropic", {"service_tier": "priority"}),
    ],
)
def test_a_tier_that_the_provider_does_not_know_is_a_call_it_refuses(
    providers: dict[str, Provider], provider: str, asked: dict[str, Any]
) -> None:
    with pytest.raises(errors.InvalidModelRequest):
        providers[provider].complete(call(provider, **asked))


class Says:
    """A provider that answers in a mode of its own, or fails in it."""

    def __init__(self, mode: str | None, error: type[errors.CallError] | None = None) -> None:
        self._mode, self._error = mode, error

    def complete(self, call: ModelCall) -> Answer:
        if self._error:
            raise self._error("why", mode=self._mode)
        return Answer("Paris", False, None, None, mode=self._mode)


@pytest.mark.parametrize(("said", "mode"), [("standard", "standard"), (None, "priority")])
def test_an_attempt_has_the_mode_that_was_served_else_the_one_asked_for(
    said: str | None, mode: str
) -> None:
    asked = call("openai", service_tier="priority")

    assert invoke(asked, Says(said), lambda: AT, 256)[1].mode == mode
    with pytest.raises(CallFailed) as failed:
        invoke(asked, Says(said, errors.Refused), lambda: AT, 256)
    assert failed.value.attempt.mode == mode


def test_a_botocore_that_does_not_know_a_field_has_called_nobody() -> None:
    client: Any = boto3.client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url="http://127.0.0.1:9"
    )

    # Refused by the client itself, as a field of which it has never heard.
    with pytest.raises(errors.InvalidModelRequest, match="botocore"):
        Bedrock(client).complete(call("bedrock", service_tier=1))


def tiers(**simple: Any) -> Config:
    complex_tier = {"provider": "bedrock", "model": SONNET, "max_tokens": 99}
    simple = {"provider": "openai", "model": GPT, "max_tokens": 99, "fallbacks": []} | simple
    return config(
        tiers=dict.fromkeys(("SIMPLE", "CALCULATION"), simple) | {"COMPLEX": complex_tier}
    )


def plan_of(settings: Config) -> dict[str, Any]:
    plan = decide(request(), classification(), settings).plan()
    return plan_to_json(request(), classification(), plan, settings, 0, {})


def test_the_plan_says_of_each_model_how_it_is_asked_and_priced() -> None:
    fallback = {"provider": "bedrock", "model": HAIKU, "max_tokens": 9, "latency": "optimized"}
    plan = plan_of(tiers(service_tier="priority", fallbacks=[fallback]))

    targets = RunPlan.from_json(plan["plan"]).targets
    asked = [[target.service_tier, target.latency, target.mode] for target in targets]
    assert asked == [["priority", None, "priority"], [None, "optimized", "optimized"]]
    assert (plan["call"]["service_tier"], plan["call"]["latency"]) == ("priority", None)
    assert plan["plan"]["record"]["baseline"]["mode"] == "standard"


def test_flex_may_wait_for_longer_than_the_http_task_does() -> None:
    assert plan_of(tiers(service_tier="priority"))["via"] == "http"
    assert plan_of(tiers(service_tier="flex"))["via"] == "lambda"


@pytest.mark.parametrize(
    ("wrong", "cure"),
    [
        ({"service_tier": "cheap"}, "write auto, default, flex, priority"),
        ({"latency": "optimized"}, "openai has no latency: leave it out"),
        ({"provider": "bedrock", "latency": "quick"}, "write standard, optimized"),
        ({"provider": "anthropic", "service_tier": "priority"}, "write auto, standard_only"),
    ],
)
def test_a_tier_that_its_provider_does_not_have_is_refused_with_what_to_write(
    wrong: dict[str, Any], cure: str
) -> None:
    with pytest.raises(ValueError, match=cure):
        tiers(**wrong)


def test_a_kept_answer_is_that_of_the_tier_asked_for() -> None:
    def place(**asked: Any) -> str:
        plan = decide(request(), classification(), tiers(**asked)).plan()
        rules = Rules(cache=CacheRule())
        caching = slot_of(request(), plan, rules)
        assert caching
        return caching.key

    bedrock = {"provider": "bedrock", "model": HAIKU}
    assert place() != place(service_tier="flex")
    assert place(**bedrock) != place(**bedrock, latency="optimized")


def most(model: Model) -> Any:
    book = default_book()
    return most_of_call(
        model.provider, model.model, 1000, 1000, NOVEMBER, book=book, mode=model.mode
    )


def test_a_reservation_holds_whichever_tier_serves() -> None:
    standard, flex, priority = (
        most(Model("openai", GPT, 9, service_tier=tier)) for tier in (None, "flex", "priority")
    )

    assert flex == standard < priority


def test_a_tier_without_a_price_reserves_at_the_dearest_known() -> None:
    settings = tiers(provider="bedrock", model=HAIKU, service_tier="reserved")
    plan = decide(request(), classification(), settings).plan()
    mystery = decide(request(), classification(), tiers(model="mystery")).plan()
    pricing = PricingContext(NOVEMBER, "us-east-1", 512)

    assert most_of_request([plan], request(), None, settings, pricing) == most_of_request(
        [mystery], request(), None, settings, pricing
    )


@pytest.mark.parametrize("word", [None, "auto", "default", "standard", "standard_only"])
def test_every_word_for_the_ordinary_is_the_standard_price(word: str | None) -> None:
    assert mode_of(word) == "standard"


def test_whether_an_opinion_pays_is_told_at_the_price_of_the_tier_asked_for() -> None:
    question = call("bedrock")
    pricing = PricingContext(NOVEMBER, "us-east-1", 512)

    def why(**asked: Any) -> str | None:
        chosen = Model("bedrock", HAIKU, 9, **asked)
        return why_not_ask(question, 10, 10, chosen, [], pricing)

    assert why(service_tier="default") != why(service_tier="flex")
    assert why(service_tier="flex") == f"unsure; no LLM was asked: no price is known of {HAIKU}"
