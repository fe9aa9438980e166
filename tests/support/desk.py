"""A tenant with guards, its requests and its tables."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cost_calculator.aws.items import from_item, to_item
from cost_calculator.row_keys import key_of
from cost_calculator.rows import Row
from router.acceptance.accept import accept
from router.acceptance.control_memory import Memory
from router.acceptance.ports import Execution
from router.aws.accept_store import AcceptStore
from router.config.settings import Config
from router.guards.conditional_update import Item
from tests.fakes.dynamodb import DynamoDB
from tests.support.dependencies import accept_store, dependencies
from tests.support.factories import AT, classification, config
from tests.support.tables import CONTROL, USAGE, create_tables

BREAKER = {"window_seconds": 60, "min_calls": 4, "error_rate": 0.5, "throttles": 3}


class Control(MutableMapping[str, Item]):
    """The items of the ``control`` table as plain values; those it returns are copies."""

    def __init__(self, client: DynamoDB) -> None:
        self._client = client

    def __getitem__(self, key: str) -> Item:
        return from_item(self._client.tables[CONTROL].items[(key,)])

    def __setitem__(self, key: str, item: Item) -> None:
        self._client.put(CONTROL, to_item({**item, "key": key}))

    def __delitem__(self, key: str) -> None:
        del self._client.tables[CONTROL].items[(key,)]

    def __iter__(self) -> Iterator[str]:
        return (key for (key,) in list(self._client.tables[CONTROL].items))

    def __len__(self) -> int:
        return len(self._client.tables[CONTROL].items)


def new_tables() -> DynamoDB:
    client = DynamoDB()
    create_tables(client)
    return client


@dataclass
class Desk:
    """Accepts requests one after the other, at its own time, in one process."""

    config: Config
    client: Any = field(default_factory=new_tables)
    at: datetime = AT
    memory: Memory = field(default_factory=Memory)
    metered: list[tuple[str, float, str]] = field(default_factory=list)
    label: str = "SIMPLE"

    @property
    def store(self) -> AcceptStore:
        return accept_store(self.client)

    @property
    def control(self) -> Control:
        return Control(self.client)

    def ask(self, request_id: str = "r-1", run: str = "", **payload: Any) -> dict[str, Any]:
        deps = dependencies(
            self.store,
            memory=self.memory,
            classify=lambda _messages: classification(self.label),
            clock=lambda: self.at,
            meter=lambda *metric: self.metered.append(metric),
        )
        asked = {} if "messages" in payload else {"input": "hi"}
        given = {**asked, "tenant": "acme", "request_id": request_id, **payload}
        execution = Execution(f"arn:{run or request_id}", run or request_id)
        return accept(given, execution, self.config, deps)

    def pass_time(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def requests(self) -> dict[str, Row]:
        """Return the REQUEST rows of all that were accepted, by their keys."""
        rows = map(from_item, self.client.rows(USAGE))
        return {row["request_id"]: row for row in rows if row["item"] == "REQUEST"}

    def row(self, request_id: str = "r-1", tenant: str = "acme", item: str = "REQUEST") -> Row:
        return from_item(self.client.tables[USAGE].items[key_of(tenant, request_id), item])


def desk(label: str = "SIMPLE", **changes: Any) -> Desk:
    return Desk(config(**changes), label=label)


def tenant(**rules: Any) -> Desk:
    return desk(tenants={"acme": rules})
