"""An account of its own for each test, with the project's tables in it."""

import boto3
import pytest
from moto import mock_aws

from cost_calculator.store import LedgerStore
from tests.tables import CONTROL, SPEND, USAGE, create_tables


@pytest.fixture
def dynamodb(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_tables(client)
        yield client


@pytest.fixture
def store(dynamodb):
    return LedgerStore(dynamodb, USAGE, SPEND, CONTROL, sleep=lambda _seconds: None)
