"""The exact cache: the same question, asked the same way, is answered once and paid once. Pure.

Off unless the request or its tenant's rules ask for it. What is kept is a CONTENT item under a key
of its own; whether it still holds is read from ``cache_until``, since a table deletes late.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cost_calculator.clock import iso
from cost_calculator.item_size import item_bytes
from cost_calculator.row_keys import request_id_of, tenant_of
from router.config.tenants import CacheRule
from router.conversation.digest import content_of
from router.conversation.said import NOTHING, Said
from router.encoding import canonical_json
from router.errors import InvalidRequest
from router.recording.answer_row import answer_row, stored_answer
from router.recording.attempt_rows import attempt_base, pending
from router.recording.facts import RequestFacts

if TYPE_CHECKING:
    from cost_calculator.rows import Row
    from router.config.tenants import Rules
    from router.intake.request import Request
    from router.routing.plan import Plan

_PREFIX = "CACHE#"
# Counted on the way to an answer out of the cache: analyze, choose, answer.
_TRANSITIONS = 3


@dataclass(frozen=True, slots=True)
class CacheSlot:
    """The key under which one request's answer is cached, and for how long."""

    key: str
    ttl_seconds: int

    def record_json(self) -> dict[str, Any]:
        """Return ``record.cache`` of the route plan."""
        return {"key": self.key, "ttl_seconds": self.ttl_seconds}


def is_cacheable(request: Request, rules: Rules, *, store_text: bool) -> bool:
    """Return whether a request's answer may be cached; raise ``InvalidRequest`` if it asks for
    what cannot be."""
    if request.cache is False or not (request.cache or rules.cache):
        return False
    problem = None
    if not store_text:
        problem = "this deployment keeps no text (privacy.store_text)"
    elif request.review is not None:
        problem = "an answer that a human is to see is not kept for others"
    if problem and request.cache:
        raise InvalidRequest(f"`cache` cannot be true: {problem}. Leave `cache` out")
    return problem is None


def slot_of(request: Request, plan: Plan, rules: Rules) -> CacheSlot:
    """Return the place in the cache of a request's answer under its unrestricted plan."""
    rule = rules.cache or CacheRule()
    first = plan.models[0]
    asked = {
        "tier": plan.tier,
        "provider": first.provider,
        "model": first.model,
        "max_tokens": first.max_tokens,
        "service_tier": first.service_tier,
        "latency": first.latency,
        **content_of(request.conversation, _normal),
        "options": request.options.to_json(),
        "tenant": None if rule.shared else request.tenant,
    }
    digest = hashlib.sha256(canonical_json(asked)).hexdigest()
    return CacheSlot(_PREFIX + digest, rule.ttl_seconds)


def holds(kept: Row | None, rules: Rules, at: datetime) -> bool:
    """Return whether a kept answer may be given now, to a tenant with these rules."""
    if kept is None or "output" not in kept or int(kept["cache_until"]) <= at.timestamp():
        return False
    return (
        kept["provider"] not in rules.deny_providers
        and rules.bound(kept["tier"])[0] == kept["tier"]
    )


def answered_rows(rows: list[Row], kept: Row, at: datetime) -> list[Row]:
    """Return the rows of a request that is answered by what was kept: closed as it is accepted.

    ``rows`` are those it would be accepted with. The ATTEMPT row has no cost, and the usage that
    the answer had: the amount saved.
    """
    now = iso(at)
    to_be_priced = pending(rows[0]["request_id"], now)
    served = {"provider": kept["provider"], "model": kept["model"], "tier": kept["tier"]}
    source = kept["source"]
    request, *contents = rows
    closed = request | to_be_priced | served | {
        "status": "SUCCEEDED",
        "ended_at": now,
        "attempts": 1,
        "transitions": _TRANSITIONS,
        "cached": True,
        "cache_source": source,
        "reasons": [f"{_answered_by(source, request)}: out of the cache", *request["reasons"]],
    }  # fmt: skip
    attempt = attempt_base(RequestFacts.from_row(request, 0)) | to_be_priced | served | {
        "item": "ATTEMPT#01",
        "purpose": "answer",
        "mode": "standard",
        "outcome": "CACHED",
        "retries": 0,
        "served": 1,
        "started_at": now,
        "ended_at": now,
        "cache_source": source,
    }  # fmt: skip
    if "usage" in kept:
        attempt["usage"] = kept["usage"]
    if not contents:
        return [closed, attempt]
    facts = RequestFacts.from_row(request, 0, expires_at=contents[0]["expires_at"])
    answer = answer_row(facts, Said.from_row(kept) or NOTHING)
    return [closed | {"answer_bytes": item_bytes(answer)}, *contents, answer, attempt]


def known_answer(rows: Mapping[str, Row]) -> dict[str, Any]:
    """Return the outcome of a request that was answered by what was kept."""
    request, attempt = rows["REQUEST"], rows["ATTEMPT#01"]
    said = stored_answer(rows) or NOTHING
    usage = {"usage": json.loads(attempt["usage"])} if "usage" in attempt else {}
    named = ("provider", "model", "outcome", "started_at", "ended_at")
    source = attempt["cache_source"]
    known = {"cache_source": request_id_of(source)} if _is_own(source, request) else {}
    return {
        "request_id": request_id_of(request["request_id"]),
        "status": request["status"],
        "output": said.text,
        **said.beside_text,
        "cached": True,
        "complexity": request["complexity"],
        "confidence": float(request["confidence"]),
        "reasons": list(request["reasons"]),
        "model": request["model"],
        "provider": request["provider"],
        "attempts": [{**{name: attempt[name] for name in named}, "retries": 0, "served": True}
                     | known | usage],
    }  # fmt: skip


def _is_own(source: str, request: Row) -> bool:
    return bool(tenant_of(source) == request["tenant"])


def _answered_by(source: str, request: Row) -> str:
    """Name the request that was answered; sharing tenants share neither names nor ids."""
    if _is_own(source, request):
        return f"the same was answered by {request_id_of(source)}"
    return "the same was answered for another tenant"


def _normal(text: str) -> str:
    """Return a text without what no reader sees: composition of letters, space at line ends."""
    lines = unicodedata.normalize("NFC", text).splitlines()
    return "\n".join(line.rstrip() for line in lines).rstrip()
