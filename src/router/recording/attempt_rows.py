"""The ATTEMPT row: one builder for every way in which an attempt is written down. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from cost_calculator.rows import PENDING, SCHEMA, Row, shard_of
from router.invocation.attempt import Attempt
from router.recording.duplicate_row import PURPOSE, WORKFLOW
from router.recording.facts import RequestFacts

_PREFIX = "ATTEMPT#"


def attempt_base(facts: RequestFacts) -> Row:
    """Return what every ATTEMPT row of a request holds, the classifier's too."""
    provider, model, mode = facts.baseline
    base: Row = {
        "request_id": facts.request_id,
        "schema": SCHEMA,
        "tenant": facts.tenant,
        "tier": facts.tier,
        "baseline_provider": provider,
        "baseline_model": model,
        **unless_standard("baseline_mode", mode),
    }
    kept = {
        "budgets": facts.budgets,
        "workflow": facts.workflow,
        "session_id": facts.session_id,
    }
    return base | {name: value for name, value in kept.items() if value}


def unless_standard(name: str, mode: str) -> Row:
    """Return a mode as an attribute; a row without it means ``standard``."""
    return {} if mode == "standard" else {name: mode}


def pending(request_id: str, at: str) -> Row:
    """Return what puts a row on the list of those that wait for their price."""
    return {"cost_status": PENDING, "queue": f"{PENDING}#{shard_of(request_id)}", "queued_at": at}


def attempt_rows(facts: RequestFacts, attempts: Sequence[Attempt], at: str) -> list[Row]:
    """Return the rows of a run's attempts, numbered on from those of earlier runs."""
    purpose = PURPOSE if facts.workflow == WORKFLOW else "answer"
    base = attempt_base(facts) | pending(facts.request_id, at) | {"purpose": purpose}
    return [
        base | {"item": f"{_PREFIX}{number:02d}"} | _said(attempt, facts)
        for number, attempt in enumerate(attempts, start=facts.earlier_attempts + 1)
    ]


def last_attempt(items: Iterable[str]) -> int:
    """Return the number of the last ATTEMPT row among the ``item`` keys of a request."""
    numbers = (item.removeprefix(_PREFIX) for item in items if item.startswith(_PREFIX))
    return max((int(number) for number in numbers if number.isdecimal()), default=0)


def _said(attempt: Attempt, facts: RequestFacts) -> Row:
    row: dict[str, Any] = {
        **attempt.seen_from_outside().to_json(),
        "served": int(attempt.served),
        "max_tokens": attempt.max_tokens or facts.max_tokens,
        "input_bytes": attempt.input_bytes if attempt.input_bytes else facts.input_bytes,
    }
    if attempt.usage is not None:
        row["usage"] = json.dumps(dict(attempt.usage))
    if attempt.guardrail_units:
        row["guardrail_units"] = json.dumps(dict(attempt.guardrail_units))
    return row
