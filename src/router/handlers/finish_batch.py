"""FinishBatch: adds up what the chunks of a batch did."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger

from router.aws.batch_bucket import bucket
from router.ingress.batch.finish import finish

logger = Logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take the batch's state; answer with its summary, or raise ``BatchIncomplete``."""
    summary = finish(event, bucket())
    logger.info("batch finished", batch_id=summary["batch_id"], prompts=summary["prompts"])
    return summary
