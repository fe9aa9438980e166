"""AwaitReview: puts a draft on the reviewers' list, with the token that wakes the run."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger

from router.aws.usage_table import usage_store
from router.errors import RequestClosed
from router.routing.run_plan import Progress, RunPlan
from router.runner.review import review_row

logger = Logger()


def handler(event: dict[str, Any], _context: object) -> None:
    """Write the REVIEW row; the run waits until its token is answered, or its time is over."""
    plan, progress = RunPlan.from_json(event["plan"]), Progress.from_json(event["progress"])
    logger.set_correlation_id(plan.request_id)
    row = review_row(plan, progress, event["execution"], event["token"], event["at"])
    if not usage_store().ask_reviewer(plan.key, event["execution"], row):
        raise RequestClosed(f"request {plan.request_id} was closed before its review")
    logger.info("waits for review", cause=row["cause"])
