"""Writes down how the chosen tier serves a request: the route plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cost_calculator.tiers import TIERS
from router.catalog.models import Model
from router.config.settings import Config
from router.config.tenants import Rules
from router.errors import InvalidRequest, PolicyDenied
from router.intake.request import Request
from router.routing.choice import Choice
from router.routing.restrictions import Restrictions


@dataclass(frozen=True, slots=True)
class Plan:
    """The tier that serves, its models in order, and why.

    ``stronger`` is called if the answers of the first do not fit the request's schema. With
    ``prompt_cache``, providers are asked to keep the instructions.
    """

    tier: str
    models: tuple[Model, ...]
    baseline: Model
    reasons: tuple[str, ...]
    stronger: Model | None = None
    prompt_cache: bool = False


def make_plan(
    request: Request, choice: Choice, config: Config, rules: Rules, restrictions: Restrictions
) -> Plan:
    """Return the plan of a choice.

    Raise ``PolicyDenied`` if the rules leave its tier no model, and ``InvalidRequest`` if it asks
    for a human and the deployment has none.
    """
    if request.review and config.review is None:
        raise InvalidRequest(
            "this deployment has no human review: leave `review` out, or set the module's `review`"
        )
    models, skipped = restrictions.select(permitted_models(choice.tier, config, rules))
    if not models:
        denied = ", ".join(sorted(rules.deny_providers))
        raise PolicyDenied(
            f"tenant {request.tenant} may not use {denied}, and tier {choice.tier} has no other"
            " model: give the tier a fallback of another provider, or the tenant a floor or ceiling"
            " that keeps it out of this tier"
        )
    bounded = tuple(limited(model, request) for model in models)
    stronger = (
        _stronger(choice.tier, models[0], config, rules)
        if request.options.response_schema
        else None
    )
    return Plan(
        choice.tier,
        bounded,
        config.tiers["COMPLEX"].primary,
        (*skipped, *choice.reasons),
        limited(stronger, request) if stronger else None,
        prompt_cache=rules.prompt_cache and request.system is not None,
    )


def _stronger(tier: str, first: Model, config: Config, rules: Rules) -> Model | None:
    """Return the next model up the ladder that is another one, within the tenant's ceiling."""
    for above in TIERS[TIERS.index(tier) + 1 : TIERS.index(rules.ceiling) + 1]:
        for model in permitted_models(above, config, rules)[:1]:
            if (model.provider, model.model) != (first.provider, first.model):
                return model
    return None


def permitted_models(tier: str, config: Config, rules: Rules) -> tuple[Model, ...]:
    """Return a tier's models in order: of providers that have a key and that the rules allow."""
    chosen = config.tiers[tier]
    return tuple(
        model
        for model in (chosen.primary, *chosen.fallbacks)
        if model.provider in config.providers and model.provider not in rules.deny_providers
    )


def limited(model: Model, request: Request) -> Model:
    """Return the model with no more tokens to answer with than the request allows."""
    most = request.options.max_tokens
    return model if most is None or most >= model.max_tokens else replace(model, max_tokens=most)
