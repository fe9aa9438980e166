"""Reports to the breakers how calls ended: the second reader of the usage table's stream.

Pricing does not wait for it: if it fails, breakers only learn of fewer calls.
"""

from __future__ import annotations

import json
import os
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit

from cost_calculator.aws.items import from_item
from cost_calculator.aws.metrics import are_detailed, emit
from cost_calculator.clock import now
from router.aws.breaker_store import ControlBreakers
from router.aws.dynamodb import dynamodb
from router.guards.breaker import model_of, parse_settings
from router.guards.breaker_observer import PendingSuccesses, watch

logger = Logger()
store = ControlBreakers(dynamodb(), os.environ["CONTROL_TABLE"])
settings = parse_settings(json.loads(os.environ["BREAKER"]))
healthy = PendingSuccesses()


def handler(event: dict[str, Any], _context: object) -> None:
    """Take stream records of ATTEMPT rows (NEW_IMAGE)."""
    rows = [from_item(record["dynamodb"]["NewImage"]) for record in event["Records"]]
    for key in watch(rows, store, healthy, settings, now()):
        model = str(model_of(key))
        logger.warning("breaker opened", model=model)
        opened = [("breaker_open", MetricUnit.Count, 1)]
        emit({}, opened)  # over all models, for the alarm
        if are_detailed():
            emit({"model": model.split("/", 1)[1]}, opened)
