"""On a schedule: closes abandoned requests and prices what the stream lost."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial
from typing import Any

import boto3
from aws_lambda_powertools import Logger

from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.aws.telemetry import emit_metrics, emit_pending_age
from cost_calculator.backlog import pending_age, sweep_queue
from cost_calculator.clock import now
from cost_calculator.rates import default_rates
from router.aws.ended_runs import ended_run, step_functions
from router.aws.notices import notify_topic
from router.aws.usage_table import usage_store
from router.recovery.abandoned import close_abandoned

logger = Logger()
_STREAM_HEAD_START_SECONDS = 300
_ROWS_A_RUN = 5000


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer with how many requests were closed and what was priced.

    ``head_start_seconds`` of the event is how long a row is left to the stream: 300 by default.
    """
    at = now()
    head_start = timedelta(seconds=event.get("head_start_seconds", _STREAM_HEAD_START_SECONDS))
    swept = close_abandoned(
        usage_store(),
        partial(ended_run, step_functions()),
        time_limit=timedelta(seconds=int(os.environ["WORKFLOW_SECONDS"])),
        at=at,
        notify=notify_topic(logger),
    )
    ledger = LedgerStore(
        boto3.client("dynamodb"),
        os.environ["USAGE_TABLE"],
        os.environ["SPEND_TABLE"],
        os.environ["CONTROL_TABLE"],
    )
    priced = sweep_queue(
        ledger, "PENDING", default_rates(), at - head_start, _ROWS_A_RUN, emit_metrics
    )
    emit_pending_age(pending_age(ledger, now()))
    logger.info("swept", closed=swept.closed, left=swept.left, priced=priced)
    return {"closed": swept.closed, "left": swept.left, "priced": priced}
