"""Waits for the end of a request that a connection has asked for, and pushes its last frames."""

from __future__ import annotations

import os
import time
from typing import Any

from aws_lambda_powertools import Logger

from cost_calculator.aws.settings_item import load_settings
from cost_calculator.clock import iso, now
from cost_calculator.rates import default_rates
from cost_calculator.settlement import Row, settle
from router.aws.answers_bucket import answer_store
from router.aws.connections import posting
from router.aws.dynamodb import dynamodb
from router.aws.executions import executions
from router.aws.listener_store import ListenerStore
from router.aws.undelivered_answers import UndeliveredAnswers
from router.aws.usage_table import usage_store
from router.ingress.api.errors import ApiError
from router.ingress.api.ports import ApiContext
from router.ingress.websocket.ending import Following, Waiting, follow

# What is left to send the last frame in, when the function's time is nearly over.
_LAST_SECONDS = 15.0

logger = Logger()
load_settings()


def note_refusal(error: ApiError) -> None:
    """Log how a request ended without an answer; what is ours to fix, as an error."""
    log = logger.info if error.reason is None else logger.error
    log("no answer", status=error.status, kind=error.kind, reason=error.reason)


def services() -> Waiting:
    """Return what the wait needs; docs/architecture.md has the variables that it reads."""
    rates, client = default_rates(), dynamodb()

    def settled(row: Row) -> Row:
        return settle(row, rates, iso(now()))

    def keep(_key: str, _body: bytes) -> str:
        raise NotImplementedError("the request was started already")

    api = ApiContext(
        store=usage_store(),
        executions=executions(),
        text_at=answer_store(os.environ["ANSWERS_BUCKET"]).get,
        keep=keep,
        clock=time.monotonic,
        sleep=time.sleep,
        now=now,
        input_bytes_limit=0,
        payload_bytes_limit=0,
        store_text=os.environ["STORE_TEXT"] == "true",
    )
    return Waiting(
        api=api,
        settle=settled,
        listeners=ListenerStore(client, os.environ["CONTROL_TABLE"]),
        undelivered=UndeliveredAnswers(client, os.environ["USAGE_TABLE"]),
        post=posting(logger),
        note_refusal=note_refusal,
    )


made = services()


def handler(event: dict[str, Any], context: Any) -> None:
    """Follow one request; see ``router.ingress.websocket.ending``."""
    following = Following.from_json(event)
    logger.set_correlation_id(following.submitted.request_id)
    left = context.get_remaining_time_in_millis() / 1000
    follow(following, time.monotonic() + max(0.0, left - _LAST_SECONDS), made)
