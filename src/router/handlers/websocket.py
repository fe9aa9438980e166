"""The WebSocket API: connections that open and close, and the frames that they send."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.clock import now
from router.aws.answers_bucket import answer_store
from router.aws.connections import posting
from router.aws.dynamodb import dynamodb
from router.aws.executions import executions
from router.aws.input_bucket import input_store
from router.aws.listener_store import ListenerStore
from router.aws.usage_table import usage_store
from router.executions.run import Busy
from router.ingress.api.errors import ApiError
from router.ingress.api.ports import ApiContext
from router.ingress.websocket.ending import Following
from router.ingress.websocket.session import Session, respond

logger = Logger()
functions = boto3.client(
    "lambda", config=Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})
)


def api_context() -> ApiContext:
    """Return the ports that it shares with the HTTP API; architecture.md has its variables."""
    return ApiContext(
        store=usage_store(),
        executions=executions(),
        text_at=answer_store(os.environ["ANSWERS_BUCKET"]).get,
        keep=input_store().keep,
        clock=time.monotonic,
        sleep=time.sleep,
        now=now,
        input_bytes_limit=int(os.environ["INPUT_BYTES_LIMIT"]),
        payload_bytes_limit=int(os.environ["PAYLOAD_BYTES_LIMIT"]),
        store_text=os.environ["STORE_TEXT"] == "true",
    )


def note_refusal(error: ApiError) -> None:
    """Log why a frame was refused; what is not the client's to fix, as an error."""
    log = logger.info if error.reason is None else logger.error
    log("refused", status=error.status, kind=error.kind, reason=error.reason)


def follow(following: Following) -> None:
    """Have ``push_outcome`` wait for the end of a request; raise ``Busy`` if that cannot be."""
    try:
        functions.invoke(
            FunctionName=os.environ["PUSH_OUTCOME_FUNCTION"],
            InvocationType="Event",
            Payload=json.dumps(following.to_json()).encode(),
        )
    except (ClientError, BotoCoreError) as error:
        raise Busy(type(error).__name__) from error


session = Session(
    api=api_context(),
    listeners=ListenerStore(dynamodb(), os.environ["CONTROL_TABLE"]),
    post=posting(logger),
    follow=follow,
    note_refusal=note_refusal,
)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one event of the gateway; see ``router.ingress.websocket.session``."""
    return respond(event, session)
