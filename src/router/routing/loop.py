"""Keeps a loop of tool calls with its model, and lifts it a tier when it gets nowhere. Pure."""

from __future__ import annotations

from dataclasses import replace

from cost_calculator.tiers import TIERS
from router.catalog.models import Model
from router.config.settings import Config
from router.config.tenants import Rules
from router.conversation.loop import loop_tag, stall, tag_of
from router.intake.request import Request
from router.routing.choice import Choice
from router.routing.plan import permitted_models


def in_loop(choice: Choice, request: Request, config: Config, rules: Rules) -> Choice:
    """Return the choice for a request that ends with the results of tools.

    What was judged when the user asked holds: no opinion is asked for again. A loop whose model is
    not known, since another router made its calls, goes by what ``choice`` has judged.
    """
    choice = replace(choice, open=False)
    if request.tier is None and (found := _model_of(request, config, rules)):
        tier, model = found
        name = f"{model.provider}/{model.model}"
        why = f"the tool loop stays with {model.model}"
        choice = Choice(tier, (why, *choice.reasons), open=False, first=name)
    if why_not := stall(request.conversation):
        return _lifted(choice, why_not, rules)
    return choice


def _model_of(request: Request, config: Config, rules: Rules) -> tuple[str, Model] | None:
    tag = loop_tag(request.conversation)
    if tag is None:
        return None
    models = {
        tier: permitted_models(tier, config, rules)
        for tier in TIERS
        if rules.bound(tier)[0] == tier
    }
    found = [
        (tier, model)
        for tier in models
        for model in models[tier]
        if tag_of(model.provider, model.model) == tag
    ]
    # The tier that names it first is its own; in others it helps out.
    own = [(tier, model) for tier, model in found if models[tier][0] == model]
    chosen = own or found
    return chosen[0] if chosen else None


def _lifted(choice: Choice, why: str, rules: Rules) -> Choice:
    above = TIERS[min(TIERS.index(choice.tier) + 1, len(TIERS) - 1)]
    if above == choice.tier or rules.bound(above)[0] != above:
        return choice
    return Choice(above, (f"{why}: moved from {choice.tier} to {above}", *choice.reasons), False)
