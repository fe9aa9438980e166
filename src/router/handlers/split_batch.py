"""SplitFile: writes the chunks of a batch's next round."""

from __future__ import annotations

import os
from typing import Any

from aws_lambda_powertools import Logger

from router.aws.batch_bucket import bucket
from router.ingress.batch.chunk_runner import token_of
from router.ingress.batch.split import split

logger = Logger()
input_bytes_limit = int(os.environ["INPUT_BYTES_LIMIT"])
_RESERVE_MS = 120_000


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take ``{"batch", "execution"}``; answer with the batch's state, see ``split``."""
    files = bucket()
    state = split(
        event["batch"],
        files,
        input_bytes_limit=input_bytes_limit,
        has_time=lambda: context.get_remaining_time_in_millis() > _RESERVE_MS,
    )
    counts = {name: state[name] for name in ("batch_id", "round", "chunks", "lines", "bad_lines")}
    logger.info("split", **counts)
    is_last = state["next"] is None
    return {**state, "bucket": files.name, "token": token_of(event["execution"]), "last": is_last}
