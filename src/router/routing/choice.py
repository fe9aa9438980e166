"""Chooses the tier: the caller's word, the tenant's pins, the heuristic, an LLM's opinion. Pure.

Floor and ceiling bound them all. An opinion moves a choice of the heuristic by one tier at most; a
situation that the heuristic calls SIMPLE may go to COMPLEX.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cost_calculator.tiers import TIERS, neighbours, one_step
from router.analyzer import Classification, Complexity
from router.config.settings import Config
from router.config.tenants import Rules
from router.intake.request import Request
from router.llm_classifier.question import Opinion

if TYPE_CHECKING:
    from router.config.pins import Pin


@dataclass(frozen=True, slots=True)
class Choice:
    """A tier and the reasons, the weightiest first; ``open`` if an opinion may still move it.

    ``first`` is the model to ask before the tier's others, as ``provider/model``.
    """

    tier: str
    reasons: tuple[str, ...]
    open: bool
    first: str | None = None


def choose(
    request: Request, classification: Classification, config: Config, rules: Rules
) -> Choice:
    """Choose without an LLM; raise ``InvalidRequest`` for a tier that the tenant does not know."""
    wanted, notes, is_open = _unbounded(request, classification, config, rules)
    tier, bounded = rules.bound(wanted)
    return Choice(tier, (*bounded, *notes, *classification.reasons), is_open)


def _unbounded(
    request: Request, classification: Classification, config: Config, rules: Rules
) -> tuple[str, tuple[str, ...], bool]:
    label, score = classification.label, classification.score
    if request.tier and (tier := rules.tier_named(request.tier)):
        own_name = "" if tier == request.tier else f" ({request.tier})"
        return tier, (f"the request asked for {tier}{own_name}",), False
    if rules.pins and (pin := _pin_of(rules, request)):
        # By number: the words of a pin would reveal the prompt.
        return pin.tier, (f"pinned to {pin.tier} by pin {pin.number} of the tenant's rules",), False
    if label is Complexity.SIMPLE and score > config.raise_above:
        note = f"looks simple, but is hard (score {score:.2f} above {config.raise_above:g})"
        return Complexity.COMPLEX.value, (note,), True
    if label is Complexity.COMPLEX and score < config.lower_below:
        note = f"looks complex, but is easy (score {score:.2f} below {config.lower_below:g})"
        return Complexity.SIMPLE.value, (note,), True
    return label.value, (), True


def _pin_of(rules: Rules, request: Request) -> Pin | None:
    from router.config.pins import pin_of

    return pin_of(rules.pins, request.messages)


def moves(
    choice: Choice, rules: Rules, usable: Collection[str], situation: bool = False
) -> tuple[str, ...]:
    """Return the tiers to which an opinion may move a choice: one step, bounds, a model there.

    One step up from SIMPLE does not reach the model that a ``situation`` needs: it may take two.
    """
    if not choice.open:
        return ()
    reached = TIERS[1:] if situation and choice.tier == TIERS[0] else neighbours(choice.tier)
    return tuple(tier for tier in reached if rules.bound(tier)[0] == tier and tier in usable)


def with_opinion(choice: Choice, opinion: Opinion, movable: Collection[str]) -> Choice:
    """Return the choice after an LLM has spoken; ``movable`` is what ``moves`` returned."""
    tier, verdict = choice.tier, opinion.verdict
    if verdict is None:
        note = f"the LLM gave no opinion ({opinion.problem}): the heuristic decides"
    elif verdict == tier:
        note = f"the LLM agrees on {tier}"
    elif (moved := verdict if verdict in movable else one_step(tier, verdict)) in movable:
        note = f"the LLM said {verdict}: moved from {tier} to {moved}"
        tier = moved
    else:
        note = f"the LLM said {verdict}, which the tenant's rules rule out: {tier} stays"
    return Choice(tier, (note, *choice.reasons), open=False)
