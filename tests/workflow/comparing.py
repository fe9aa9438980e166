"""What two interpreters must agree on, of what a request left."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.workflow.interpreter.runs import Ran

# Ids, times, and what depends on them: how long a call took, what that cost around it, and how many
# bytes a row has, whose time of expiry is a byte shorter where it ends in zeros.
_OWN = {
    "request_id", "execution_arn", "payload_hash", "day_shard", "queue", "queued_at", "task_token",
    "expires_at", "decide_before", "accepted_at", "started_at", "ended_at", "decided_at",
    "priced_at", "analyze_ms", "analyze_mb", "latency_ms", "lambda_ms", "lambda_mb",
    "overhead_usd", "cache_source", "content_bytes", "answer_bytes",
}  # fmt: skip
# What a machine may do that is busy with other work; no scenario of both orders it.
_BUSY = {
    "States.Timeout", "Sandbox.Timedout", "StoreUnavailable", "Lambda.TooManyRequestsException",
    "Lambda.Unknown", "DynamoDb.SdkClientException", "DynamoDb.TransactionConflictException",
    "DynamoDb.TransactionInProgressException",
}  # fmt: skip
_NOTHING = "nothing"
_ADDRESSES = {"output_s3", "draft_s3"}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def differences(one: Ran, other: Ran) -> list[str]:
    """Return what two runs of the same request do not agree on; empty where they agree."""
    found = [
        {
            "entered": list(ran.entered),
            "retries": _retries(ran),
            "end": _end(ran),
            "rows": {item: _plain(row) for item, row in ran.rows.items()},
        }
        for ran in (one, other)
    ]
    return list(_differing("", *found))


def _differing(where: str, one: Any, other: Any) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            pair = (it.get(name, _NOTHING) for it in (one, other))
            yield from _differing(f"{where}/{name}", *pair)
    elif one != other:
        yield f"{where}: {one!r} here, {other!r} there"


def _retries(ran: Ran) -> list[tuple[str, str]]:
    return [(state, error) for state, error in ran.retries if error not in _BUSY]


def _end(ran: Ran) -> dict[str, Any]:
    """Return how a run ended.

    Only a run that succeeded has an output. What Step Functions itself says of an error of its own
    is written nowhere: there the name alone counts.
    """
    found: dict[str, Any] = {"status": ran.status, "error": ran.error or None}
    if ran.status == "SUCCEEDED":
        found["output"] = _plain(ran.output)
    if ran.status == "FAILED" and not (ran.error or "").startswith("States."):
        found["cause"] = _plain(_parsed(ran.cause))
    return found


def _parsed(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except ValueError:
        return text


def _plain(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _plain(it, name) for name, it in value.items() if name not in _OWN}
    if isinstance(value, list):
        return [_plain(it) for it in value]
    if isinstance(value, str):
        # Of an address only answers or drafts: the bucket and the rest are the run's own.
        text = value.removeprefix("s3://").split("/")[1] if name in _ADDRESSES else value
        return _UUID.sub("an id", text)
    return int(value) if isinstance(value, Decimal) and value == int(value) else value
