"""RunChunk: runs the prompts of one chunk of a batch and writes their results."""

from __future__ import annotations

import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from router.aws.batch_bucket import bucket
from router.aws.batch_rows import BatchRows
from router.aws.executions import executions
from router.ingress.batch.chunk import run_chunk
from router.ingress.batch.chunk_runner import ChunkRun

logger = Logger()
rows = BatchRows(
    boto3.client("dynamodb", config=Config(connect_timeout=2, read_timeout=5)),
    os.environ["USAGE_TABLE"],
)
_RESERVE_MS = 60_000


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take ``{"batch_id", "token", "chunk"}``; answer it with ``ended``."""
    run = ChunkRun(
        executions(),
        rows,
        event["token"],
        is_express=os.environ["WORKFLOW_TYPE"] == "EXPRESS",
        has_time=lambda: context.get_remaining_time_in_millis() > _RESERVE_MS,
    )
    ended = run_chunk(event["batch_id"], event["chunk"], bucket(), rows, run)
    logger.info("chunk", batch_id=event["batch_id"], chunk=event["chunk"], ended=ended)
    return {**event, "ended": ended}
