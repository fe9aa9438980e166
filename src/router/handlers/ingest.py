"""Starts an execution for each message of the queue."""

from __future__ import annotations

import json
import os
import random
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit

from cost_calculator.aws.metrics import emit
from cost_calculator.aws.settings_item import load_settings
from cost_calculator.clock import now
from router.aws.executions import executions
from router.aws.rate_buckets import rate_buckets
from router.aws.request_queues import message_of, request_queues
from router.config.tenants import parse_rules
from router.ingress.queue.backpressure import Backpressure
from router.ingress.queue.ingest import ingest

logger = Logger()
load_settings()
tenants = parse_rules(json.loads(os.environ["TENANT_RATES"]))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Start a batch and name the messages to deliver again."""
    report = ingest(
        map(message_of, event["Records"]),
        executions(),
        request_queues(),
        Backpressure(tenants, rate_buckets().read, now),
        input_bytes_limit=int(os.environ["INPUT_BYTES_LIMIT"]),
        is_express=os.environ["WORKFLOW_TYPE"] == "EXPRESS",
        draw=random.random,
    )
    logger.info("ingested", started=report.started, repeated=report.repeated, held=report.held)
    for message_id, reason in report.set_aside.items():
        logger.warning("set aside", message_id=message_id, reason=reason)
    for message_id, reason in report.failed.items():
        logger.error("not started", message_id=message_id, reason=reason)
    if report.put_back:
        logger.warning("put back", message_ids=report.put_back)
    for name in ("put_back", "held"):
        if count := len(getattr(report, name)):
            emit({}, [(name, MetricUnit.Count, count)])
    return {"batchItemFailures": [{"itemIdentifier": number} for number in report.failed]}
