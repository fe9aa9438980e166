"""Keeps a loop of tool calls with its model, and lifts it a tier when it gets nowhere. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cost_calculator.tiers import TIERS
from router.catalog.models import Model
from router.config.settings import Config
from router.config.tenants import Rules
from router.conversation.blocks import Conversation
from router.conversation.loop import last_tag, last_writer, stall, tag_of
from router.intake.request import Request
from router.routing.choice import Choice
from router.routing.plan import permitted_models
from router.routing.restrictions import name_of


def in_loop(choice: Choice, request: Request, config: Config, rules: Rules) -> Choice:
    """Return the choice for a request that ends with the results of tools.

    What was judged when the user asked holds: no opinion is asked for again. A loop whose model is
    not known, since another router made its calls, goes by what ``choice`` has judged.
    """
    choice = replace(choice, open=False)
    if request.tier is None and (found := model_before(request.conversation, config, rules)):
        tier, model = found
        name = f"{model.provider}/{model.model}"
        why = f"the tool loop stays with {model.model}"
        choice = Choice(tier, (why, *choice.reasons), open=False, first=name)
    if why_not := stall(request.conversation):
        return _lifted(choice, why_not, rules)
    return choice


def model_before(
    conversation: Conversation, config: Config, rules: Rules
) -> tuple[str, Model] | None:
    """Return the model that made the last calls of a conversation, and the tier that it serves;
    ``None`` if neither their ids nor its thinking show one that the tenant may use."""
    tag = last_tag(conversation)
    if tag is None:
        writer = last_writer(conversation)
        return model_named(writer, config, rules) if writer else None
    return _found(lambda model: tag_of(model.provider, model.model) == tag, config, rules)


def model_named(name: str, config: Config, rules: Rules) -> tuple[str, Model] | None:
    """Return the model of that name (``provider/model``), and the tier that it serves."""
    return _found(lambda model: name_of(model) == name, config, rules)


def _found(
    is_it: Callable[[Model], bool], config: Config, rules: Rules
) -> tuple[str, Model] | None:
    models = {
        tier: permitted_models(tier, config, rules)
        for tier in TIERS
        if rules.bound(tier)[0] == tier
    }
    found = [(tier, model) for tier in models for model in models[tier] if is_it(model)]
    # The tier that names it first is its own; in others it helps out.
    own = [(tier, model) for tier, model in found if models[tier][0] == model]
    chosen = own or found
    return chosen[0] if chosen else None


def _lifted(choice: Choice, why: str, rules: Rules) -> Choice:
    above = TIERS[min(TIERS.index(choice.tier) + 1, len(TIERS) - 1)]
    if above == choice.tier or rules.bound(above)[0] != above:
        return choice
    return Choice(above, (f"{why}: moved from {choice.tier} to {above}", *choice.reasons), False)
