"""Writes down how the chosen tier serves a request: the route plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

from cost_calculator.tiers import TIERS
from router.catalog.models import Model
from router.config.settings import Config
from router.config.tenants import Rules
from router.conversation.blocks import Conversation
from router.errors import InvalidRequest, PolicyDenied
from router.intake.request import Request
from router.routing.choice import Choice
from router.routing.needs import dropped, lacks, missing
from router.routing.restrictions import Restrictions


@dataclass(frozen=True, slots=True)
class Plan:
    """The tier that serves, its models in order, and why.

    ``stronger`` is called if the answers of the first do not fit the request's schema. With
    ``prompt_cache``, providers are asked to keep the instructions, with ``cache_points`` all of the
    prompt.
    """

    tier: str
    models: tuple[Model, ...]
    baseline: Model
    reasons: tuple[str, ...]
    stronger: Model | None = None
    prompt_cache: bool = False
    cache_points: bool = False


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
    tier, able, moved = _able(request, choice.tier, config, rules)
    models, skipped = restrictions.select(_with_first(able, choice.first))
    bounded = tuple(limited(model, request) for model in models)
    stronger = (
        _stronger(tier, models[0], request, config, rules)
        if request.options.response_schema
        else None
    )
    return Plan(
        tier,
        bounded,
        config.tiers["COMPLEX"].primary,
        (*skipped, *moved, *_left_out(models[0], request), *choice.reasons),
        limited(stronger, request) if stronger else None,
        prompt_cache=rules.prompt_cache and bool(request.conversation.system),
        cache_points=config.cache_points and is_kept(request.conversation),
    )


def is_kept(conversation: Conversation) -> bool:
    """Return whether a prompt is kept in the provider's cache: that of an agent, from its second
    turn on. Another call follows within minutes, and reads what this one has written."""
    return bool(conversation.tools) and any(t.role == "assistant" for t in conversation.turns)


def _able(
    request: Request, tier: str, config: Config, rules: Rules
) -> tuple[str, tuple[Model, ...], tuple[str, ...]]:
    """Return the tier that can serve, its models that can, and why it is another one.

    That is the tier itself, or the next one up with such a model.
    """
    permitted = permitted_models(tier, config, rules)
    if not permitted:
        denied = ", ".join(sorted(rules.deny_providers))
        raise PolicyDenied(
            f"tenant {request.tenant} may not use {denied}, and tier {tier} has no other"
            " model: give the tier a fallback of another provider, or the tenant a floor or ceiling"
            " that keeps it out of this tier"
        )
    seen = list(permitted)
    for above in TIERS[TIERS.index(tier) :]:
        models = permitted_models(above, config, rules)
        seen += models
        able = tuple(model for model in models if not lacks(model, request))
        if able and above == tier:
            return tier, able, ()
        if able and rules.bound(above)[0] == above:
            return above, able, (f"{missing(permitted, request)}: {above} serves",)
    raise InvalidRequest(
        f"no model can serve this: {missing(seen, request)}. Leave it out, or have a model that"
        f" does in tier {tier} or above"
    )


def _with_first(models: tuple[Model, ...], first: str | None) -> tuple[Model, ...]:
    return tuple(sorted(models, key=lambda model: f"{model.provider}/{model.model}" != first))


def _left_out(model: Model, request: Request) -> tuple[str, ...]:
    return tuple(
        f"dropped {name}: {model.model} does not take it" for name in dropped(model, request)
    )


def _stronger(
    tier: str, first: Model, request: Request, config: Config, rules: Rules
) -> Model | None:
    """Return the next model up the ladder that is another one, within the tenant's ceiling."""
    for above in TIERS[TIERS.index(tier) + 1 : TIERS.index(rules.ceiling) + 1]:
        able = (m for m in permitted_models(above, config, rules) if not lacks(m, request))
        for model in islice(able, 1):
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
