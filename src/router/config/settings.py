"""The module's settings: tiers, rules, limits; read once from ``FAREGATE_CONFIG``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from cost_calculator.tiers import TIERS
from router.catalog.capabilities import capabilities
from router.catalog.models import FALLBACK_CAUSES, Model, Tier
from router.catalog.providers import PROVIDERS
from router.catalog.service_tiers import problem_with
from router.config.alternatives import Alternative
from router.config.tenants import Rules, parse_rules, rules_of
from router.errors import PolicyDenied
from router.guards.breaker import Settings, parse_settings
from router.guards.budgets import Limits, parse_limits
from router.review.bands import ReviewSettings

_PAYLOAD_BYTES = 20_971_520
STRATEGIES = ("heuristic", "llm", "hybrid")


@dataclass(frozen=True, slots=True)
class Llm:
    """The model that is asked for its opinion: on every open decision, or only ``in_doubt``.

    In doubt is a verdict of the heuristic whose confidence is below ``unsure_below``, and any that
    a described situation is SIMPLE.
    """

    model: Model
    in_doubt: bool
    unsure_below: float
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class Config:
    """The deployment's settings. ``raise_above`` and ``lower_below`` are bounds on the score.

    Without ``llm`` the heuristic decides alone. ``providers`` have a key, or need none. ``budget``
    is that of the whole deployment. If the ``control`` table does not answer, a request with a
    limit is refused, unless ``open_on_store_failure``. Without ``review`` no human can be asked.
    With a ``guardrail`` the function calls every model, since it applies it. ``workflow_budgets``
    are those of workflows by their names, whoever runs them. ``shadow`` decides beside the strategy
    in force, without a call; ``split`` decides in its place, for their shares of the requests.
    ``opinions`` is the LLM as each strategy asks it. ``session_usd`` is the most that one
    session may cost. With ``cache_points`` agents' prompts are kept in the providers' caches. Of
    the COMPLEX requests, ``duplicate_share`` is answered by the cheapest tier as well, for the
    record alone.
    """

    tiers: Mapping[str, Tier]
    raise_above: float
    lower_below: float
    input_bytes_limit: int
    store_text: bool
    text_ttl_days: int
    workflow_type: str
    workflow_seconds: int
    llm: Llm | None
    tenants: Mapping[str, Rules]
    providers: tuple[str, ...] = tuple(PROVIDERS)
    budget: Limits | None = None
    open_on_store_failure: bool = False
    breaker: Settings | None = None
    review: ReviewSettings | None = None
    known_tenants_only: bool = False
    guardrail: bool = False
    unsupported_options: Mapping[str, str] = field(default_factory=dict)
    workflow_budgets: Mapping[str, Limits] = field(default_factory=dict)
    session_usd: Decimal | None = None
    cache_points: bool = True
    payload_bytes_limit: int = _PAYLOAD_BYTES
    shadow: Alternative | None = None
    split: Alternative | None = None
    opinions: Mapping[str, Llm] = field(default_factory=dict)
    duplicate_share: float = 0.0

    @property
    def strategy(self) -> str:
        """The name of the strategy: whether, and when, an LLM is asked."""
        return "heuristic" if self.llm is None else "hybrid" if self.llm.in_doubt else "llm"

    def opinion_by(self, strategy: str) -> Llm | None:
        """Return the LLM as a strategy asks it, ``None`` if it asks none."""
        return self.opinions.get(strategy)

    def rules_of(self, tenant: str) -> Rules:
        """Return the rules that hold for a tenant, or raise PolicyDenied if it must be known."""
        if self.known_tenants_only and tenant not in self.tenants:
            raise PolicyDenied(
                f"tenant {tenant} may not ask here: name one that the deployment's `tenants` lists"
            )
        return rules_of(self.tenants, tenant)

    def with_threshold(self, threshold: float | None) -> Config:
        """Return the settings with the score threshold of calibrated weights, if they have one.

        It was chosen for a target on the user's own outcomes, so it replaces ``raise_above``;
        ``lower_below`` may not exceed it.
        """
        if threshold is None:
            return self
        return replace(self, raise_above=threshold, lower_below=min(self.lower_below, threshold))

    @classmethod
    def from_json(cls, text: str) -> Config:
        """Parse the module's JSON; a missing key is a defect of the deployment and raises."""
        data = json.loads(text)
        analyzer, routing = data.get("analyzer") or {"strategy": "heuristic"}, data["routing"]
        tried = {name: routing[name] for name in ("shadow", "split") if routing.get(name)}
        asked = {analyzer["strategy"], *(each.get("strategy") for each in tried.values())}
        opinions = {name: _llm(analyzer, name) for name in asked if name not in (None, "heuristic")}
        return cls(
            tiers={name: _tier(data["tiers"][name]) for name in TIERS},
            raise_above=float(routing["raise_above"]),
            lower_below=float(routing["lower_below"]),
            input_bytes_limit=int(data["limits"]["input_bytes"]),
            store_text=bool(data["store_text"]),
            text_ttl_days=int(data["text_ttl_days"]),
            workflow_type=str(data["workflow_type"]),
            workflow_seconds=int(data["workflow_seconds"]),
            llm=opinions.get(analyzer["strategy"]),
            tenants=parse_rules(data.get("tenants") or {}),
            providers=tuple(data.get("providers") or PROVIDERS),
            budget=parse_limits(data["budget"]) if data.get("budget") else None,
            open_on_store_failure=data.get("on_store_failure", "refuse") == "accept",
            breaker=parse_settings(data["breaker"]) if data.get("breaker") is not None else None,
            review=ReviewSettings.from_json(data["review"]) if data.get("review") else None,
            known_tenants_only=data.get("unknown_tenants") == "refuse",
            guardrail=bool(data.get("guardrail")),
            unsupported_options=routing.get("unsupported_options", {}),
            workflow_budgets={
                name: parse_limits(limits)
                for name, limits in (data.get("workflow_budgets") or {}).items()
            },
            cache_points=bool(data["routing"].get("cache_points", True)),
            session_usd=Decimal(str(data["session_usd"])) if data.get("session_usd") else None,
            payload_bytes_limit=int(data["limits"].get("payload_bytes", _PAYLOAD_BYTES)),
            opinions=opinions,
            duplicate_share=float((routing.get("duplicate") or {"share": 0})["share"]),
            **{name: Alternative.from_json(given, name) for name, given in tried.items()},
        )


def _tier(data: Mapping[str, Any]) -> Tier:
    return Tier(_model(data), tuple(_model(fallback) for fallback in data.get("fallbacks") or ()))


def _model(data: Mapping[str, Any]) -> Model:
    provider, model = str(data["provider"]), str(data["model"])
    when = tuple(data.get("when") or FALLBACK_CAUSES)
    if unknown := set(when) - set(FALLBACK_CAUSES):
        causes = ", ".join(FALLBACK_CAUSES)
        raise ValueError(f"{model}: no cause is called {', '.join(sorted(unknown))}; use {causes}")
    try:
        can = capabilities(provider, model).with_changes(data.get("capabilities") or {})
    except ValueError as error:
        raise ValueError(f"{model}: {error}") from None
    window = data.get("context_tokens") or can.context
    tier, latency = data.get("service_tier"), data.get("latency")
    if problem := problem_with(provider, tier, latency):
        raise ValueError(f"{model}: {problem}")
    return Model(
        provider,
        model,
        int(data["max_tokens"]),
        when,
        int(window) if window else None,
        tier,
        latency,
        can,
    )


def _llm(data: Mapping[str, Any], strategy: str) -> Llm:
    if strategy not in STRATEGIES:
        raise ValueError(f"analyzer.strategy must be one of {', '.join(STRATEGIES)}")
    model = _model(data)
    if model.provider != "bedrock":
        raise ValueError("analyzer.provider must be bedrock: no other SDK is in this function")
    return Llm(
        model, strategy == "hybrid", float(data["unsure_below"]), timeout_ms=int(data["timeout_ms"])
    )
