"""Whether a conversation leaves the model that it runs on for a weaker one: only where the estimate
says that this is cheaper. Pure.

The model that answered before may have the conversation in its provider's prompt cache, and reads
it at a tenth of the price; another one is sent all of it afresh. Moving up needs no such reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_calculator.tiers import TIERS
from router.catalog.models import Model
from router.catalog.pricing_context import PricingContext
from router.config.settings import Config
from router.config.tenants import Rules
from router.intake.request import Request
from router.routing.choice import Choice
from router.routing.loop import model_before, model_named
from router.routing.needs import lacks
from router.routing.plan import permitted_models
from router.routing.restrictions import Restrictions, name_of

if TYPE_CHECKING:
    from router.routing.served_before import Served


@dataclass(frozen=True, slots=True)
class Present:
    """The model that a conversation runs on, and the tier that it serves."""

    tier: str
    model: Model

    def is_above(self, tier: str) -> bool:
        """Return whether going to ``tier`` is moving down."""
        return TIERS.index(self.tier) > TIERS.index(tier)


@dataclass(frozen=True, slots=True)
class MovingDown:
    """What there is to know of a conversation's present model before it may be left."""

    present: Present
    request: Request
    config: Config
    rules: Rules
    pricing: PricingContext

    def bounded(self, choice: Choice) -> Choice:
        """Return the choice, or the present model where leaving it for ``choice`` does not pay."""
        present = self.present
        if not choice.open or not present.is_above(choice.tier):
            return choice
        compared = self._compared(choice.tier)
        if compared is None:
            return choice
        lower, staying, moving = compared
        if moving < staying:
            why = (
                f"moved down from {present.tier}: {lower.model} is sent all of the conversation"
                f" for ${moving:.6f}, {present.model.model} would go on for ${staying:.6f}"
            )
            return replace(choice, reasons=(why, *choice.reasons))
        why = (
            f"stays with {present.model.model}: it goes on for ${staying:.6f}, {lower.model} would"
            f" be sent all of the conversation for ${moving:.6f}"
        )
        reasons = (why, *choice.reasons)
        return Choice(present.tier, reasons, open=False, first=name_of(present.model))

    def open_to(self, tiers: Iterable[str]) -> tuple[str, ...]:
        """Return those of the tiers to which an opinion may move the conversation."""
        return tuple(t for t in tiers if not self.present.is_above(t) or self._pays(t))

    def _pays(self, tier: str) -> bool:
        compared = self._compared(tier)
        return compared is None or compared[2] < compared[1]

    def _compared(self, tier: str) -> tuple[Model, Decimal, Decimal] | None:
        """Return a tier's model, and what the turn costs with the present one and with it.

        ``None`` if there is no such model, or a price is not known: then what was judged decides.
        """
        from router.routing.turn_ahead import turn_usd

        permitted = permitted_models(tier, self.config, self.rules)
        lower = next((model for model in permitted if not lacks(model, self.request)), None)
        if lower is None:
            return None
        ahead = (self.request, self.config, self.rules, self.pricing)
        staying = turn_usd(self.present.model, *ahead, is_warm=True)
        moving = turn_usd(lower, *ahead, is_warm=False)
        return None if staying is None or moving is None else (lower, staying, moving)


def moving_down(
    request: Request,
    config: Config,
    rules: Rules,
    restrictions: Restrictions,
    served: Served | None,
    pricing: PricingContext,
) -> MovingDown | None:
    """Return what bounds moving down, ``None`` where nothing does: nobody has answered before,
    its prompt cache is cold, or its model cannot serve.

    ``served`` is what is known of the session; without a session the ids of tool calls show the
    model, and its cache counts as warm.
    """
    conversation = request.conversation
    if request.tier is not None or len(conversation.turns) == 1 or conversation.in_tool_loop:
        return None
    if request.session is not None:
        if served is None or not served.is_warm(pricing.at):
            return None
        found = model_named(served.name, config, rules)
    else:
        found = model_before(conversation, config, rules)
    if found is None:
        return None
    present = Present(*found)
    if name_of(present.model) in restrictions.skipped or lacks(present.model, request):
        return None
    return MovingDown(present, request, config, rules, pricing)
