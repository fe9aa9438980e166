"""Closes the request of a run that failed, timed out or was aborted; notes one that was refused."""

from __future__ import annotations

import os
import time
from typing import Any

from aws_lambda_powertools import Logger

from cost_calculator.row_keys import request_id_of
from router.aws.ended_runs import ended_run, step_functions
from router.aws.notices import notify_topic
from router.aws.run_rows import run_rows
from router.aws.usage_table import usage_store
from router.recovery.close import close_request
from router.recovery.refused import refused_row

logger = Logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, bool]:
    """Take a "Step Functions Execution Status Change" event; answer whether it closed a row."""
    started, store = time.monotonic(), usage_store()
    found = ended_run(step_functions(), event["detail"]["executionArn"])
    if found is None:
        return {"closed": False}
    key, run = found
    logger.set_correlation_id(request_id_of(key))
    closed = close_request(store, key, run, notify_topic(logger))
    logger.info("run ended", cause=run.cause, closed=closed)
    if not closed:
        ms = round((time.monotonic() - started) * 1000)
        memory_mb = int(os.environ["ANALYZE_MEMORY_MB"])
        if row := refused_row(key, store.rows_of(key), run, ms, memory_mb):
            run_rows().put(row)
    return {"closed": closed}
