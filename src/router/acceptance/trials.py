"""Strategies on trial: which arm of the split decides a request, and what the shadow would decide.

Who is in a share follows from a hash, so that a repeated analysis decides the same. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from router.acceptance.ports import Dependencies
from router.analyzer import Classification
from router.analyzer.messages import text_of
from router.catalog.pricing_context import PricingContext
from router.config.alternatives import Alternative
from router.config.settings import Config
from router.config.strategies import settings_by, strategy_name
from router.config.tenants import Rules
from router.errors import InvalidRequest, PolicyDenied
from router.intake.request import Request
from router.recording.attempt_rows import unless_standard
from router.routing.decision import Decision, decide
from router.routing.moving_down import MovingDown

IN_FORCE, OTHER = "A", "B"

Previous = Callable[[Rules], MovingDown | None]
"""Finds what bounds moving a conversation down, whatever strategy decides."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A request as the strategy of its arm judges it; ``arm`` is what its row keeps of the split.

    Without a split there are no arms.
    """

    classification: Classification
    config: Config
    arm: Mapping[str, str] = field(default_factory=dict)

    def marks(self, decision: Decision) -> Mapping[str, str]:
        """Return the marks of the arm, none if somebody else fixed the tier: a caller, a pin."""
        request = decision.request
        is_loop = request.conversation.in_tool_loop and request.tier is None
        return self.arm if decision.choice.open or is_loop else {}


def judged(request: Request, config: Config, deps: Dependencies) -> Judged:
    """Judge a request by the strategy of its arm."""
    split = config.split
    if split is None:
        return Judged(deps.classify(request.messages), config)
    session = _session(request)
    if drawn("split", request.tenant, session) < split.share:
        found = _by(split, request, config, deps)
        arm = OTHER
    else:
        found = Judged(deps.classify(request.messages), config)
        arm = IN_FORCE
    if found is None:  # its weights could not be read: no arm decides this
        return Judged(deps.classify(request.messages), config)
    name = strategy_name(found.config, found.classification.version)
    marks = {"arm": arm, "strategy": name, "arm_key": _digest(request.tenant, session)[:12]}
    return Judged(found.classification, found.config, marks)


def shadow_of(
    decision: Decision, arm: Mapping[str, str], previous: Previous, deps: Dependencies
) -> dict[str, Any]:
    """Return what the row keeps of the shadow's decision, nothing if it has none to make.

    It asks no LLM: ``asks`` notes that it would. Requests of arm B have none, since there another
    strategy is in force.
    """
    request, config = decision.request, decision.config
    shadow = config.shadow
    if shadow is None or arm.get("arm") == OTHER or not decision.choice.open:
        return {}
    if drawn("shadow", request.tenant, request.request_id) >= shadow.share:
        return {}
    found = _by(shadow, request, config, deps)
    if found is None:
        return {}
    other = decide(request, found.classification, found.config, decision.restrictions, previous)
    by = strategy_name(found.config, found.classification.version)
    try:
        plan = other.plan()
    except (InvalidRequest, PolicyDenied) as error:
        return {"shadow": {"by": by, "refused": type(error).__name__}}
    first = plan.models[0]
    pricing = PricingContext(deps.clock(), deps.region, deps.stopwatch().memory_mb)
    return {
        "shadow": {
            "by": by,
            "route": plan.tier,
            "provider": first.provider,
            "model": first.model,
            **unless_standard("mode", first.mode),
            **({"asks": 1} if other.question(pricing)[0] else {}),
        }
    }


def _by(
    alternative: Alternative, request: Request, config: Config, deps: Dependencies
) -> Judged | None:
    if not alternative.weights:
        settings = settings_by(alternative, config, None)
        return Judged(deps.classify(request.messages), settings)
    analyzer = deps.other_weights.get(alternative.weights)
    if analyzer is None:
        return None
    settings = settings_by(alternative, config, analyzer.threshold)
    return Judged(analyzer.classify(request.messages), settings)


def _session(request: Request) -> str:
    """Return what keeps a session in its arm: its name, its workflow run, its opening, or its id.

    Where nothing names a session, every later turn repeats what the user wrote first.
    """
    if request.session:
        return request.session.key
    if request.step:
        return request.step.parent
    if request.is_conversation:
        opening = next((turn for turn in request.messages if turn["role"] == "user"), None)
        if opening and (text := text_of(opening)):
            return text
    return request.request_id


def drawn(trial: str, tenant: str, what: str) -> float:
    """Return a number from 0 to below 1 that is the same for the same words."""
    return int(_digest(trial, tenant, what)[:13], 16) / 16**13


def _digest(*words: str) -> str:
    return hashlib.sha256("\n".join(words).encode("utf-8", "surrogatepass")).hexdigest()
