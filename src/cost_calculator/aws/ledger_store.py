"""Writes priced rows and their sums to DynamoDB, each exactly once, and reads them back."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of
from cost_calculator.aws.items import from_item, to_value
from cost_calculator.aws.transactions import CONDITION_FAILED, passing, reasons_of, waits
from cost_calculator.aws.whole_rows import whole_rows
from cost_calculator.budget_names import BUDGET_SHARDS, budget_key, shard_key, summed
from cost_calculator.cells import Cell
from cost_calculator.contributions import Sums
from cost_calculator.ledger import Change, Group, Outcome, RowKey, group, make_group
from cost_calculator.rows import SHARDS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_TRIES = 8
_FIRST_WAIT_SECONDS = 0.05
_LONGEST_WAIT_SECONDS = 2.0
_MOST_QUERIES = 500  # two months of partitions; beyond that one scan is cheaper and faster
# One item can be the reason for these; whatever else fails, fails for every item.
_ABOUT_AN_ITEM = frozenset({"ValidationException", "TransactionCanceledException"})

Row = dict[str, Any]


class _Contended(Exception):
    """Somebody else writes to the same items, or the table is throttled: try again later."""


def any_slot() -> str:
    """Return a slot of the cells to write to, at random."""
    return str(random.randrange(SHARDS))


@dataclass(frozen=True, slots=True)
class Places:
    """Where a writer adds up: its slot of the cells, its shard of spread budgets.

    It stays there until it meets another writer, and then goes elsewhere.
    """

    slot: str = field(default_factory=any_slot)
    shard: int = field(default_factory=lambda: random.randrange(BUDGET_SHARDS))


class LedgerStore:
    """The ``usage`` rows with the ``spend`` cells and budgets they add to, written together.

    Budgets are in the ``control`` table; callers that do not touch budgets need not name it.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        usage_table: str,
        spend_table: str,
        control_table: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._usage = usage_table
        self._spend = spend_table
        self._control = control_table
        self._sleep = sleep
        self._places = Places()

    def commit(self, changes: Iterable[Change]) -> Outcome:
        """Write each change once, together with what it adds to its cell and its budgets.

        A row that is no longer as the change found it is a duplicate and is left alone.
        """
        outcome = Outcome()
        for planned in group(changes):
            self._commit_group(planned, outcome)
        return outcome

    def _commit_group(self, planned: Group, outcome: Outcome) -> None:
        between = waits(_TRIES, _FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS)
        while True:
            try:
                duplicates = self._transact(planned)
            except _Contended as reason:
                self._places = Places()
                wait = next(between, None)
                if wait is None:
                    outcome.failed |= {change.key: str(reason) for change in planned.changes}
                    return
                self._sleep(wait)
                continue
            except ClientError as error:
                self._isolate(planned, error, outcome)
                return
            if not duplicates:
                outcome.written += planned.changes
                return
            outcome.duplicates += duplicates
            rest = [change for change in planned.changes if change.key not in duplicates]
            if rest:
                self._commit_group(make_group(rest), outcome)
            return

    def _isolate(self, planned: Group, error: ClientError, outcome: Outcome) -> None:
        """Keep one row that DynamoDB will not take from holding up the others."""
        if code_of(error) not in _ABOUT_AN_ITEM or len(planned.changes) == 1:
            outcome.failed |= {change.key: str(error) for change in planned.changes}
            return
        middle = len(planned.changes) // 2
        self._commit_group(make_group(planned.changes[:middle]), outcome)
        self._commit_group(make_group(planned.changes[middle:]), outcome)

    def _transact(self, planned: Group, at_root: frozenset[str] = frozenset()) -> set[RowKey]:
        """Write one group; return the keys that were priced before, in which case nothing was.

        Budgets in ``at_root`` are charged there though they are spread.
        """
        if planned.budgets and not self._control:
            raise ValueError("these rows count against budgets: name the control table")
        items = [self._row_action(change) for change in planned.changes]
        for cell, sums in planned.cells.items():
            items.append(addition(self._spend, cell_key(cell, self._places.slot), sums))
        for name, sums in planned.budgets.items():
            spread = name in planned.spread and name not in at_root
            items.append(self._charge(name, sums, spread=spread))
        try:
            self._client.transact_write_items(TransactItems=items)  # type: ignore[arg-type]
        except ClientError as error:
            reasons = reasons_of(error)
            rows = zip(planned.changes, reasons, strict=False)
            duplicates = {change.key for change, code in rows if code == CONDITION_FAILED}
            if duplicates:
                return duplicates
            charges = reasons[len(items) - len(planned.budgets) :]
            full = {
                n for n, c in zip(planned.budgets, charges, strict=False) if c == CONDITION_FAILED
            }
            if full:
                return self._transact(planned, at_root | full)
            if contended := passing({code_of(error), *reasons}):
                raise _Contended(", ".join(sorted(contended))) from error
            raise
        except BotoCoreError as error:
            # Whether it was written is not known; the condition on each row makes asking safe.
            raise _Contended(type(error).__name__) from error
        return set()

    def _charge(self, name: str, sums: Sums, *, spread: bool) -> dict[str, Any]:
        """Return the action that changes a budget: at its root, or in this writer's shard."""
        if not spread:
            return addition(self._control, {"key": budget_key(name)}, sums)
        action = addition(self._control, {"key": shard_key(name, self._places.shard)}, sums)
        if (usd := sums.get("committed_usd", Decimal(0))) > 0:
            # It spends only what others gave back here: what else is in the shard is for requests.
            action["Update"] |= {"ConditionExpression": "committed_usd <= :most"}
            action["Update"]["ExpressionAttributeValues"][":most"] = to_value(-usd)
        return action

    def _row_action(self, change: Change) -> dict[str, Any]:
        changed = {
            name: value
            for name, value in change.after.items()
            if name not in ("request_id", "item") and change.before.get(name) != value
        }
        gone = [name for name in change.before if name not in change.after]
        names = {f"#{index}": name for index, name in enumerate([*changed, *gone])}
        sets = [f"#{index} = :{index}" for index in range(len(changed))]
        removes = [f"#{index}" for index in range(len(changed), len(names))]
        values = {f":{index}": to_value(value) for index, value in enumerate(changed.values())}
        held = {name: change.before[name] for name in change.held if name in change.before}
        expression = f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(removes)}" if gone else "")
        return {
            "Update": {
                "TableName": self._usage,
                "Key": _key(change.key),
                "UpdateExpression": expression,
                "ConditionExpression": " AND ".join(
                    f"#{name} = :{name}" if name in held else f"attribute_not_exists(#{name})"
                    for name in change.held
                ),
                "ExpressionAttributeNames": names | {f"#{name}": name for name in change.held},
                "ExpressionAttributeValues": values
                | {f":{name}": to_value(value) for name, value in held.items()},
            }
        }

    def queued(self, queue: str, before: str) -> Iterator[Row]:
        """Yield the rows of a work queue that were put there before a time, the oldest first, as
        they are now: the index lags behind the table.
        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self._usage,
            IndexName="by-queue",
            KeyConditionExpression="#queue = :queue AND queued_at < :before",
            ExpressionAttributeNames={"#queue": "queue"},
            ExpressionAttributeValues={":queue": {"S": queue}, ":before": {"S": before}},
        )
        for page in pages:
            yield from whole_rows(self._client, self._usage, page["Items"], self._sleep)

    def all_rows(self) -> Iterator[Row]:
        """Yield every row of the ``usage`` table."""
        return self._scan(self._usage)

    def all_cells(self) -> Iterator[Row]:
        """Yield every cell of the ``spend`` table."""
        return self._scan(self._spend)

    def cells_of_tenant(
        self, partitions: Sequence[str], tenant: str, session: str | None = None
    ) -> Iterator[Row]:
        """Yield one tenant's cells of the given partitions, those of one session if they hold
        sessions; neither a tenant nor a session has a ``#`` in its name.
        """
        begins = f"{tenant}#" if session is None else f"{tenant}#{session}#"
        for partition in partitions:
            pages = self._client.get_paginator("query").paginate(
                TableName=self._spend,
                KeyConditionExpression="#day = :day AND begins_with(cell, :begins)",
                ExpressionAttributeNames={"#day": "day"},
                ExpressionAttributeValues={
                    ":day": {"S": partition},
                    ":begins": {"S": begins},
                },
            )
            for page in pages:
                yield from map(from_item, page["Items"])

    def cells_of(self, partitions: Sequence[str]) -> Iterator[Row]:
        """Yield the cells of the given partitions (``2026-11-21#3``)."""
        if len(partitions) > _MOST_QUERIES:
            wanted = frozenset(partitions)
            yield from (cell for cell in self.all_cells() if cell["day"] in wanted)
            return
        for partition in partitions:
            pages = self._client.get_paginator("query").paginate(
                TableName=self._spend,
                KeyConditionExpression="#day = :day",
                ExpressionAttributeNames={"#day": "day"},
                ExpressionAttributeValues={":day": {"S": partition}},
                ConsistentRead=True,
            )
            for page in pages:
                yield from map(from_item, page["Items"])

    def all_budgets(self) -> Iterator[Row]:
        """Yield every budget of the ``control`` table: ``key``, sums over its shards,
        ``limit_usd``."""
        yield from summed(self._scan(self._control)).values()

    def _scan(self, table: str) -> Iterator[Row]:
        pages = self._client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        for page in pages:
            yield from map(from_item, page["Items"])


def cell_key(cell: Cell, slot: str) -> dict[str, str]:
    """Return the key in ``spend`` of a cell, in one of its slots."""
    return {"day": f"{cell.day}#{slot}", "cell": cell.cell}


def addition(table: str, key: Mapping[str, str], sums: Sums) -> dict[str, Any]:
    """Return the action of a transaction that adds ``sums`` to one item of a table."""
    return {
        "Update": {
            "TableName": table,
            "Key": {name: {"S": value} for name, value in key.items()},
            "UpdateExpression": "ADD "
            + ", ".join(f"#{index} :{index}" for index in range(len(sums))),
            "ExpressionAttributeNames": {f"#{i}": name for i, name in enumerate(sums)},
            "ExpressionAttributeValues": {
                f":{i}": to_value(value) for i, value in enumerate(sums.values())
            },
        }
    }


def _key(key: RowKey) -> dict[str, Any]:
    return {"request_id": {"S": key[0]}, "item": {"S": key[1]}}
