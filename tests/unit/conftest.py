"""No test really waits; DynamoDB is a fake with the project's tables, each test's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.fakes.dynamodb import DynamoDB, service_error
from tests.support import no_sleep
from tests.support.desk import new_tables


class _Empty:
    """Another service, in an account that has nothing of it."""

    def __getattr__(self, operation: str) -> Any:
        def nothing(**_: Any) -> None:
            raise service_error("ResourceNotFoundException", operation)

        return nothing


@pytest.fixture(autouse=True)
def _nobody_sleeps() -> Iterator[None]:
    with no_sleep.forbidden():
        yield


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> DynamoDB:
    fake = new_tables()

    def client(_session: Any, name: str, **_: Any) -> Any:
        return fake if name == "dynamodb" else _Empty()

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(boto3.Session, "client", client)
    return fake
