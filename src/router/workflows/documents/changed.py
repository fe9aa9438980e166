"""A document that changed: from the event that tells of it to the run that handles it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from router.errors import InvalidRequest
from router.workflows.run import Run, run_of

NAME = "documents"
_FIELDS = ("id", "key", "version", "max_cost_usd")
_LEAST_USD, _MOST_USD = 0.0001, 1_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """A run of this workflow: the document with this key has changed; ``version`` names how."""

    run: Run
    key: str
    version: str
    source: str


def input_of(event: Mapping[str, Any]) -> dict[str, str]:
    """Return a run's input from S3's event, by way of EventBridge.

    Its ``id`` follows from bucket, key and version, so that an event that comes twice is one run.
    """
    detail = event["detail"]
    found = detail["object"]
    # A bucket without versions has none; then the place in the order of events tells them apart.
    version = str(found.get("version-id") or found.get("sequencer") or found.get("etag", ""))
    run_id = run_id_of(detail["bucket"]["name"], found["key"], version)
    return {"id": run_id, "key": found["key"], "version": version}


def run_id_of(bucket: str, key: str, version: str) -> str:
    """Return the id of the run that the event of a version starts."""
    name = "\n".join((bucket, key, version))
    return f"document-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def parse(
    given: Any, execution_name: str, folder: str, max_cost_usd: float | None = None
) -> Change:
    """Return the run in an execution's input, or raise ``InvalidRequest`` with what to write.

    ``max_cost_usd`` is the limit of a run whose input names none.
    """
    if not isinstance(given, dict) or not isinstance(given.get("key"), str):
        raise InvalidRequest('the input must be an object with the `key` of a document: {"key": …}')
    if unknown := given.keys() - set(_FIELDS):
        raise InvalidRequest(
            f"the input may have {', '.join(_FIELDS)}, and has {len(unknown)} more"
        )
    source = given["key"].removeprefix(folder)
    if not source or source == given["key"]:
        raise InvalidRequest(f"`key` must name an object below {folder}")
    limit = given.get("max_cost_usd", max_cost_usd)
    if limit is not None and not _is_limit(limit):
        raise InvalidRequest(
            f"`max_cost_usd` must be a number from {_LEAST_USD} to {_MOST_USD:,}: dollars"
        )
    run = run_of(NAME, {**given, "max_cost_usd": limit}, execution_name)
    return Change(run, given["key"], str(given.get("version", "")), source)


def _is_limit(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and _LEAST_USD <= value <= _MOST_USD
