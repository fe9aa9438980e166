from __future__ import annotations

import pytest

from tests.fakes.dynamodb import DynamoDB
from tests.unit.router.ingress.websocket.wire import Wire


@pytest.fixture
def wire(dynamodb: DynamoDB) -> Wire:
    return Wire(dynamodb)
