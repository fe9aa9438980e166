"""Estimates what the queue and the batch add to a request: messages, chunks, waiting, reads.

Pure, and on the side of too much; what each prompt costs once it is started is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from cost_calculator.overhead import AwsPrices, lambda_call, lambda_time

# A message: sent, received and deleted, ten of them in one call of SQS and of `ingest`.
QUEUE_BATCH = 10
INGEST_MS_PER_MESSAGE = 30
INGEST_MB = 256

# A chunk of the batch: a child execution that enters three states, and its start as a fourth.
CHUNK_PROMPTS = 100
CHUNK_WINDOW = 10
CHUNK_TRANSITIONS = 4
CHUNK_MB = 256
CHUNK_PUTS = 3  # the chunk, its results, its summary
CHUNK_GETS = 4  # the chunk, its summary before, after, and at the end
PROMPT_SECONDS = Decimal(2)  # from start to price
POLLS_A_SECOND = Decimal(2)
POLL_READ_UNITS = Decimal("0.5")  # a row, eventually consistent
RESULT_READ_UNITS = Decimal(2)  # all rows of a request, up to 8 KB, consistent
SPLIT_MS_PER_PROMPT = Decimal("0.2")
SPLIT_MB = 1024


def queue_overhead(prices: AwsPrices) -> Mapping[str, Decimal]:
    """Return the dollars of one message by cause."""
    calls = Decimal(1) + Decimal(2) / QUEUE_BATCH  # sent alone, received and deleted in tens
    return {
        "messages": calls * prices["sqs_request"],
        "ingest": lambda_time(INGEST_MS_PER_MESSAGE, INGEST_MB, prices)
        + prices["lambda_request"] / QUEUE_BATCH,
    }


def batch_overhead(prices: AwsPrices) -> Mapping[str, Decimal]:
    """Return the dollars of one prompt by cause, beside those of its own request."""
    polls = PROMPT_SECONDS * POLLS_A_SECOND * POLL_READ_UNITS
    waited_ms = PROMPT_SECONDS * 1000 / CHUNK_WINDOW
    objects = CHUNK_PUTS * prices["s3_put"] + CHUNK_GETS * prices["s3_get"]
    return {
        "chunks": CHUNK_TRANSITIONS * prices["states_standard_transition"] / CHUNK_PROMPTS,
        "waiting": lambda_time(waited_ms, CHUNK_MB, prices)
        + lambda_call(None, None, prices) / CHUNK_PROMPTS,
        "splitting": lambda_time(SPLIT_MS_PER_PROMPT, SPLIT_MB, prices),
        "reads": (polls + RESULT_READ_UNITS) * prices["dynamodb_read_unit"],
        "objects": objects / CHUNK_PROMPTS,
    }
