"""On a schedule: has a share of the COMPLEX requests answered by the cheapest tier and judged."""

from __future__ import annotations

import os
from typing import Any

from aws_lambda_powertools import Logger

from cost_calculator.clock import iso, now
from router.aws.duplicate_store import duplicate_store, request_sender
from router.learning.look import look_at_all

logger = Logger()
store, send = duplicate_store(), request_sender()
# What is under way when the time is nearly over must still end.
_LAST_MILLISECONDS = 10_000


def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Answer with how many requests were sent for, wait, or ended and how."""
    done = look_at_all(
        store,
        send,
        iso(now()),
        now,
        input_bytes=int(os.environ["INPUT_BYTES_LIMIT"]),
        judge=os.environ["JUDGE_TIER"],
        has_time=lambda: context.get_remaining_time_in_millis() > _LAST_MILLISECONDS,
    )
    logger.info("duplicated", done=dict(done))
    return dict(done)
