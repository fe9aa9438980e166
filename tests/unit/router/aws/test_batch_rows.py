from __future__ import annotations

from typing import Any

from cost_calculator.aws.items import to_item
from router.aws.batch_rows import BatchRows
from tests.fakes.dynamodb import DynamoDB
from tests.support.factories import accepted
from tests.support.tables import USAGE


def test_what_a_throttled_table_left_out_is_asked_for_again(dynamodb: DynamoDB) -> None:
    for name in ("r-1", "r-2"):
        dynamodb.put(USAGE, to_item(accepted(request_id=name, confidence=1)))
    dynamodb.unprocessed = 1
    waits: list[float] = []
    client: Any = dynamodb

    found = BatchRows(client, USAGE, waits.append).statuses(["r-1", "r-2", "r-3"])

    assert set(found) == {"r-1", "r-2"}
    assert found["r-1"]["status"] == found["r-2"]["status"] == "ACCEPTED"
    assert len(waits) == 1
