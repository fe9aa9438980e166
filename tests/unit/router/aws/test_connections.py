from __future__ import annotations

from typing import Any

import pytest
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError, ConnectTimeoutError

from router.aws import connections
from router.ingress.websocket.listeners import Sent


class Gateway:
    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.posted: list[dict[str, Any]] = []

    def post_to_connection(self, **asked: Any) -> None:
        if self.error:
            raise self.error
        self.posted.append(asked)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "PostToConnection")


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (None, Sent.OK),
        (refused("GoneException"), Sent.GONE),
        (refused("LimitExceededException"), Sent.BUSY),
        (refused("ForbiddenException"), Sent.FAILED),
        (refused("PayloadTooLargeException"), Sent.FAILED),
        (ConnectTimeoutError(endpoint_url="https://x"), Sent.FAILED),
    ],
)
def test_what_became_of_a_frame_is_told_and_never_raised(
    error: Exception | None, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = Gateway(error)
    monkeypatch.setattr(connections, "_client", lambda: gateway)

    assert connections.posting(Logger())("c-1", b"{}") is sent

    assert gateway.posted == ([] if error else [{"ConnectionId": "c-1", "Data": b"{}"}])
