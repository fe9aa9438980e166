"""On a schedule: prices what the stream lost and closes abandoned requests."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import boto3
from aws_lambda_powertools import Logger

from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.aws.settings_item import load_settings
from cost_calculator.aws.telemetry import emit_metrics, emit_pending_age
from cost_calculator.backlog import Report, pending_age, sweep_queue
from cost_calculator.clock import now
from cost_calculator.rates import default_rates
from router.aws.ended_runs import ended_run, step_functions
from router.aws.notices import notify_topic
from router.aws.run_rows import run_rows
from router.aws.usage_table import usage_store
from router.recovery.abandoned import close_abandoned

logger = Logger()
load_settings()
_STREAM_HEAD_START_SECONDS = 300
_ROWS_A_RUN = 5000
# What is under way when the time is nearly over must still end.
_LAST_MILLISECONDS = 30_000


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer with how many requests were closed and what was priced.

    Rows are priced first: money that is known waits for no run that cannot be looked up.
    ``head_start_seconds`` of the event is how long a row is left to the stream: 300 by default.
    """
    at = now()
    head_start = timedelta(seconds=event.get("head_start_seconds", _STREAM_HEAD_START_SECONDS))
    priced: Report | None = None
    try:
        priced = _price(at - head_start)
    finally:
        swept = close_abandoned(
            usage_store(),
            run_rows(),
            partial(ended_run, step_functions()),
            time_limit=timedelta(seconds=int(os.environ["WORKFLOW_SECONDS"])),
            at=at,
            notify=notify_topic(logger),
            report=_left,
            has_time=lambda: context.get_remaining_time_in_millis() > _LAST_MILLISECONDS,
        )
        logger.info("swept", closed=swept.closed, left=swept.left, priced=priced)
    return {"closed": swept.closed, "left": swept.left, "priced": priced}


def _price(older_than: datetime) -> Report:
    ledger = LedgerStore(
        boto3.client("dynamodb"),
        os.environ["USAGE_TABLE"],
        os.environ["SPEND_TABLE"],
        os.environ["CONTROL_TABLE"],
    )
    rates = default_rates()
    report = sweep_queue(ledger, "PENDING", rates, older_than, _ROWS_A_RUN, emit_metrics)
    emit_pending_age(pending_age(ledger, now()))
    return report


def _left(request_id: str, reason: str) -> None:
    logger.warning("left open", correlation_id=request_id, reason=reason)
