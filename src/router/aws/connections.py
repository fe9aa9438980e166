"""Sends frames to connections of the WebSocket API (PostToConnection)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of
from router.ingress.websocket.listeners import Post, Sent

# The rate of the account, or a client that does not read as fast as it is written to.
_BUSY = {"LimitExceededException", "ThrottlingException", "TooManyRequestsException"}


def posting(logger: Logger) -> Post:
    """Return what sends a frame and reports what became of it."""

    def post(connection: str, frame: bytes) -> Sent:
        try:
            _client().post_to_connection(ConnectionId=connection, Data=frame)
        except ClientError as error:
            if code_of(error) == "GoneException":
                return Sent.GONE
            if code_of(error) in _BUSY:
                return Sent.BUSY
            logger.warning("frame not sent", reason=code_of(error))
            return Sent.FAILED
        except BotoCoreError as error:
            logger.warning("frame not sent", reason=type(error).__name__)
            return Sent.FAILED
        return Sent.OK

    return post


@lru_cache(maxsize=1)
def _client() -> Any:
    # A model is read between frames. A second try after a time-out might be a second frame.
    config = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})
    return boto3.client("apigatewaymanagementapi", config=config)
