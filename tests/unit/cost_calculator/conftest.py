"""The ledger on the tables of an account of its own."""

import pytest

from cost_calculator.aws.ledger_store import LedgerStore
from tests.support.tables import CONTROL, SPEND, USAGE


@pytest.fixture
def store(dynamodb):
    return LedgerStore(dynamodb, USAGE, SPEND, CONTROL, sleep=lambda _seconds: None)
