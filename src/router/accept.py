"""Accepts a request exactly once and answers with its route plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from router.analyzer import Classification
from router.config import Config
from router.errors import Conflict
from router.plan import make_plan, plan_to_json, repeated
from router.request import parse_request
from router.rows import Analysis, Row, accepted_rows, text_expiry


class Store(Protocol):
    """What accepting needs of the ``usage`` table."""

    def accept(self, rows: list[Row]) -> Row | None: ...

    def rows_of(self, request_id: str) -> dict[str, Row]: ...


@dataclass(frozen=True, slots=True)
class Execution:
    """The run that carries the request."""

    arn: str
    name: str


def accept(
    payload: Any,
    execution: Execution,
    config: Config,
    store: Store,
    classify: Callable[[tuple[Mapping[str, str], ...]], Classification],
    stopwatch: Callable[[], Analysis],
    at: datetime,
) -> dict[str, Any]:
    """Return the route plan of a request, accepted by this call or by an earlier try of it.

    A request that another run accepted under the same id is answered from its rows; raise
    ``Conflict`` if its payload was another, and ``InvalidRequest`` if it is malformed.
    """
    request = parse_request(
        payload, execution_name=execution.name, input_bytes_limit=config.input_bytes_limit
    )
    classification = classify(request.messages)
    plan = make_plan(request, classification, config)
    rows = accepted_rows(request, classification, plan, config, stopwatch(), execution.arn, at)
    existing = store.accept(rows)
    if existing is not None:
        if existing["payload_hash"] != request.payload_hash:
            raise Conflict(
                f"request_id {request.request_id} was used with another payload:"
                " give a new request_id, or leave it out"
            )
        if existing["execution_arn"] != execution.arn:
            return repeated(store.rows_of(request.request_id))
    return plan_to_json(request, classification, plan, config, text_expiry(config, at))
