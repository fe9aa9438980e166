"""Closes the request of a run that failed, timed out or was aborted; notes one that was refused.

The same for the run of a workflow on top, which has a row of its own.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger

from cost_calculator.row_keys import request_id_of
from router.aws.ended_runs import ended_run, step_functions
from router.aws.notices import notify_topic
from router.aws.run_rows import run_rows
from router.aws.usage_table import usage_store
from router.recovery.close import close_request
from router.recovery.refused import refused_row
from router.recovery.workflow_run import close_run, key_of_run

logger = Logger()
# By the name of its machine, a workflow's own name and the memory of its function.
workflows: Mapping[str, Mapping[str, Any]] = json.loads(os.environ.get("WORKFLOWS", "{}"))


def handler(event: dict[str, Any], _context: object) -> dict[str, bool]:
    """Take a "Step Functions Execution Status Change" event; answer whether it closed a row."""
    started, store = time.monotonic(), usage_store()
    arn: str = event["detail"]["executionArn"]
    if workflow := workflows.get(arn.split(":")[-2]):
        return {"closed": _close_workflow(arn, workflow)}
    found = ended_run(step_functions(), arn)
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


def _close_workflow(arn: str, workflow: Mapping[str, Any]) -> bool:
    found = ended_run(step_functions(), arn, key_of_run)
    if found is None:
        return False
    key, run = found
    logger.set_correlation_id(request_id_of(key))
    closed = close_run(
        run_rows(), key, run, workflow=workflow["name"], memory_mb=workflow["memory_mb"]
    )
    logger.info("workflow ended", workflow=workflow["name"], cause=run.cause, closed=closed)
    return closed
