"""Draws the requests that the cheapest tier answers as well, for the record alone. Pure."""

from __future__ import annotations

from cost_calculator.tiers import TIERS
from router.acceptance.trials import drawn
from router.invocation.call import ModelCall
from router.routing.decision import Decision

CHEAPEST, STRONGEST = TIERS[0], TIERS[-1]
# Of text: it travels through the queue once more, and twice to the judge.
_MOST_BYTES = 100_000


def is_duplicated(decision: Decision, question: ModelCall | None) -> bool:
    """Return whether a request is drawn: one that goes to COMPLEX because a strategy decides so, or
    may go there after an opinion.

    It is text alone: what calls tools, shows files or waits for a reviewer has no answer that a
    judge can compare. The cheapest tier must be one that the tenant may use.
    """
    request, config, choice = decision.request, decision.config, decision.choice
    if not config.duplicate_share or not config.store_text or not choice.open:
        return False
    conversation = request.conversation
    comparable = not (
        conversation.tools or conversation.media or request.review or request.payload_s3
    )
    goes = choice.tier == STRONGEST or (question is not None and STRONGEST in decision.movable)
    return (
        goes
        and comparable
        and request.input_bytes <= _MOST_BYTES
        and decision.rules.bound(CHEAPEST)[0] == CHEAPEST
        and drawn("duplicate", request.tenant, request.request_id) < config.duplicate_share
    )
