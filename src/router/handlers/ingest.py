"""Starts an execution for each message of the queue."""

from __future__ import annotations

import os
import random
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit

from cost_calculator.metrics import emit
from router.ingest import ingest
from router.queues import message_of, request_queues
from router.starting import executions

logger = Logger()
input_bytes_limit = int(os.environ["INPUT_BYTES_LIMIT"])


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Start a batch and name the messages to deliver again."""
    report = ingest(
        map(message_of, event["Records"]),
        executions(),
        request_queues(),
        input_bytes_limit=input_bytes_limit,
        draw=random.random,
    )
    logger.info("ingested", started=report.started, repeated=report.repeated)
    for message_id, reason in report.set_aside.items():
        logger.warning("set aside", message_id=message_id, reason=reason)
    for message_id, reason in report.failed.items():
        logger.error("not started", message_id=message_id, reason=reason)
    if report.put_back:
        logger.warning("put back", message_ids=report.put_back)
        emit({}, [("put_back", MetricUnit.Count, len(report.put_back))])
    return {"batchItemFailures": [{"itemIdentifier": number} for number in report.failed]}
