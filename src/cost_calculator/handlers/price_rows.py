"""Prices the rows that the usage table's stream delivers."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.aws.settings_item import load_settings
from cost_calculator.aws.telemetry import emit_metrics, log_attempts
from cost_calculator.clock import iso
from cost_calculator.rates import default_rates
from cost_calculator.row_keys import request_id_of
from cost_calculator.stream import price_records

logger = Logger()
load_settings()
store = LedgerStore(
    boto3.client("dynamodb", config=Config(connect_timeout=2, read_timeout=5)),
    os.environ["USAGE_TABLE"],
    os.environ["SPEND_TABLE"],
    os.environ["CONTROL_TABLE"],
)
rates = default_rates()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Price a batch and name the records to deliver again."""
    report = price_records(event["Records"], store, rates, iso(datetime.now(UTC)))
    log_attempts(logger, report.priced)
    emit_metrics(report.priced)
    for image in (record["dynamodb"] for record in event["Records"]):
        if reason := report.failed.get(number := image["SequenceNumber"]):
            request_id = request_id_of(image["Keys"]["request_id"]["S"])
            logger.error(
                "row not priced", correlation_id=request_id, sequence_number=number, reason=reason
            )
    return {"batchItemFailures": [{"itemIdentifier": number} for number in report.failed]}
