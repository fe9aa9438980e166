"""Which model a session runs on, as the ``control`` table keeps it for an hour. Pure.

It is a hint: without it, a turn is judged as if it were the session's first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cost_calculator.tiers import TIERS
from router.catalog.tokens import estimated_tokens
from router.guards.conditional_update import ConditionalUpdate
from router.intake.request import Request
from router.routing.plan import Plan
from router.routing.restrictions import name_of

# Claude's prompt cache and OpenAI's keep for so long what nobody reads.
_WARM_SECONDS = 300
_KEPT_SECONDS = 3_600
# No provider keeps a shorter prompt than Claude's shortest.
_LEAST_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Served:
    """``name`` is ``provider/model``; its provider keeps the prompt until ``warm_until``."""

    name: str
    warm_until: int

    def is_warm(self, at: datetime) -> bool:
        return at.timestamp() < self.warm_until

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Served | None:
        """Return what an item of ``control`` says, ``None`` for an empty one."""
        return cls(item["served_by"], int(item["warm_until"])) if "served_by" in item else None


def key_of_session(request: Request) -> str | None:
    """Return the key in ``control`` of a request's session, ``None`` if it has none."""
    return f"session#{request.session.key}" if request.session else None


def may_move(request: Request) -> bool:
    """Return whether it matters what a request's session runs on: the user asks again."""
    conversation = request.conversation
    return (
        request.session is not None
        and request.tier is None
        and not conversation.in_tool_loop
        and any(turn.role == "assistant" for turn in conversation.turns)
    )


def remembered(
    request: Request, plan: Plan, served: Served | None, at: datetime
) -> ConditionalUpdate | None:
    """Return what is to be written of a plan, ``None`` if it can make no difference.

    Below the lowest tier there is none to move to, unless a higher one was written before.
    """
    key = key_of_session(request)
    if key is None or estimated_tokens(request.input_bytes) < _LEAST_TOKENS:
        return None
    if plan.tier == TIERS[0] and served is None:
        return None
    now = int(at.timestamp())
    return ConditionalUpdate(
        key,
        "SET served_by = :by, warm_until = :until, expires_at = :expires",
        "attribute_not_exists(warm_until) OR warm_until <= :until",
        {
            ":by": name_of(plan.models[0]),
            ":until": now + _WARM_SECONDS,
            ":expires": now + _KEPT_SECONDS,
        },
    )
