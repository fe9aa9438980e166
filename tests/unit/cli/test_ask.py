"""``ask`` starts nothing it could not read, waits for the price, and never shows a cost of 0."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from cost_calculator.clock import now
from cost_calculator.row_keys import key_of
from router.cli.ask import as_text
from router.conversation.said import Said
from router.errors import InvalidRequest, StoreUnavailable
from router.executions.run import Run
from router.ingress.api.ports import ApiContext
from router.intake.identity import payload_hash
from router.operations.ask import ended, is_settled, shown, start

PAYLOAD = {"input": "Who wrote Faust?", "request_id": "r-1"}
REQUEST = {
    "request_id": key_of("acme", "r-1"), "tenant": "acme",
    "payload_hash": payload_hash({**PAYLOAD, "tenant": "acme"}),
    "status": "SUCCEEDED", "complexity": "SIMPLE", "reasons": ["short"],
    "confidence": Decimal("0.9"), "model": "haiku", "provider": "bedrock",
}  # fmt: skip
PRICED = {
    "REQUEST": {**REQUEST, "cost_status": "PRICED", "overhead_usd": Decimal("0.0001")},
    "ATTEMPT#01": {
        "outcome": "OK", "cost_status": "PRICED", "cost_usd": Decimal("0.00002"),
        "baseline_usd": Decimal("0.0001"),
    },
}  # fmt: skip
PENDING = {
    "REQUEST": {**REQUEST, "cost_status": "PENDING"},
    "ATTEMPT#01": {"outcome": "OK", "cost_status": "PENDING"},
}
Rows = Mapping[str, Mapping[str, Any]]


class World:
    """Rows that change as time passes, and a machine that counts its starts."""

    def __init__(self, rows: Callable[[float], Rows]) -> None:
        self.rows, self.at, self.started = rows, 0.0, 0
        self.api = ApiContext(
            store=self, executions=self, text_at=lambda _: None, clock=lambda: self.at,
            sleep=self.sleep, now=now, input_bytes_limit=1 << 30, store_text=False,
            keep=lambda _key, _body: "s3://answers-1/requests/x", payload_bytes_limit=1 << 30,
        )  # fmt: skip

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    def rows_of(self, key: str) -> Rows:
        return self.rows(self.at) if key == key_of("acme", "r-1") else {}

    def request_of(self, key: str) -> Mapping[str, Any] | None:
        return self.rows_of(key).get("REQUEST")

    def start(self, name: str, payload: str) -> Run | None:
        self.started += 1
        return None

    def describe(self, name: str) -> Run:
        return Run("RUNNING", json.dumps(PAYLOAD))

    def ask(self, price_seconds: float = 60) -> Rows | None:
        return ended(start(PAYLOAD, "acme", self.api), self.api, 900, price_seconds)


def test_the_price_is_waited_for() -> None:
    world = World(lambda at: PRICED if at > 20 else PENDING if at > 5 else {})

    rows = world.ask()

    assert rows is not None
    assert is_settled(rows)
    assert shown(rows, Said("Goethe"))["cost_usd"] == "0.00002"
    assert "$ 0.00002 for the model, $ 0.0001 for workflow" in as_text(shown(rows, Said("Goethe")))


@pytest.mark.parametrize("status", ["PENDING", "UNPRICED", "UNKNOWN", "INVALID_USAGE"])
def test_a_cost_that_is_not_known_is_never_a_number(status: str) -> None:
    late = {
        "REQUEST": PRICED["REQUEST"],
        "ATTEMPT#01": {"outcome": "OK", "cost_status": status},
    }
    world = World(lambda at: late)

    rows = world.ask(price_seconds=3)

    assert rows is not None
    text = as_text(shown(rows, Said("Goethe")))
    assert ("not priced yet" if status == "PENDING" else f"not known ({status})") in text
    assert "$" not in text
    assert "cost_usd" not in shown(rows, Said("Goethe"))


def test_an_attempt_that_failed_is_part_of_the_cost() -> None:
    rows = {**PRICED, "ATTEMPT#02": {**PRICED["ATTEMPT#01"], "cost_usd": Decimal("0.5")}}

    assert shown(rows, None)["cost_usd"] == "0.50002"


def test_nothing_starts_when_the_answer_could_not_be_read() -> None:
    def refuses(at: float) -> Rows:
        raise StoreUnavailable("AccessDeniedException")

    world = World(refuses)

    with pytest.raises(StoreUnavailable):
        world.ask()

    assert world.started == 0


def test_what_is_not_answered_in_time_is_not_an_answer() -> None:
    assert World(lambda at: {}).ask() is None


def test_a_field_that_no_caller_may_set_is_refused() -> None:
    world = World(lambda at: {})

    with pytest.raises(InvalidRequest, match="rerun"):
        start({**PAYLOAD, "rerun": 2}, "acme", world.api)

    assert world.started == 0
