"""The tables as ``analyze`` sees them: one read, then one transaction that accepts or does not."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of
from cost_calculator.aws.items import from_item, to_item
from cost_calculator.aws.transactions import (
    CONDITION_FAILED,
    CONFLICT,
    passing,
    reasons_of,
    waits,
)
from cost_calculator.rows import Row
from router.acceptance.ports import Acceptance, Again, ReadResult
from router.aws.dynamodb import dynamodb
from router.aws.usage_table import UsageStore
from router.errors import StoreUnavailable
from router.guards.conditional_update import ConditionalUpdate

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# Together at most 9 s of the function's 15 s; tenants share items, so conflicts are to be expected.
_TRIES = 8
_FIRST_WAIT_SECONDS = 0.05
_LONGEST_WAIT_SECONDS = 2.0
_CACHED = "CONTENT"
_KEYS_A_READ = 100
_NOT_DONE = frozenset({"ConditionalCheckFailedException", "TransactionConflictException"})

_Written = tuple[Sequence[dict[str, Any]], Sequence[ConditionalUpdate]]


class AcceptStore(UsageStore):
    """The ``usage`` table with the guards' ``control`` table, and the sums in ``spend``."""

    def __init__(
        self,
        client: DynamoDBClient,
        usage_table: str,
        control_table: str,
        spend_table: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(client, usage_table)
        self._control = control_table
        self._spend = spend_table
        self._sleep = sleep

    def read(self, control_keys: Collection[str], cache_key: str | None = None) -> ReadResult:
        """Read items of ``control``, and the cached answer under ``cache_key``, in one round trip
        for a hundred keys.

        There is no round trip if nothing is asked for. Raise ``StoreUnavailable`` if a table does
        not answer in full.
        """
        wanted = [(self._control, {"key": key}) for key in sorted(control_keys)]
        if cache_key:
            wanted.insert(0, (self._table, {"request_id": cache_key, "item": _CACHED}))
        parts = range(0, len(wanted), _KEYS_A_READ)
        found = [it for start in parts for it in self._items(wanted[start : start + _KEYS_A_READ])]
        control = {item["key"]: item for table, item in found if table == self._control}
        return ReadResult(control, next((it for table, it in found if table == self._table), None))

    def _items(self, wanted: Sequence[tuple[str, Row]]) -> list[tuple[str, Row]]:
        asked: dict[str, Any] = {}
        for table, key in wanted:
            asked.setdefault(table, {"Keys": []})["Keys"].append(to_item(key))
        try:
            answer = self._client.batch_get_item(RequestItems=asked)
        except ClientError as error:
            raise StoreUnavailable(code_of(error)) from error
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from error
        if answer.get("UnprocessedKeys"):
            raise StoreUnavailable("the table is throttled")
        return [
            (table, from_item(it)) for table, found in answer["Responses"].items() for it in found
        ]

    def update(self, action: ConditionalUpdate) -> bool:
        """Do a guard's update by itself; False if its condition does not hold or somebody is met.

        Raise ``StoreUnavailable`` if the result is unknown.
        """
        asked = self._guard(action)["Update"]
        try:
            self._client.update_item(**asked)
        except ClientError as error:
            if code_of(error) in _NOT_DONE or passing({code_of(error)}):
                return False
            raise StoreUnavailable(code_of(error)) from error
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from error
        return True

    def accept(
        self,
        rows: Sequence[Row],
        guards: Sequence[ConditionalUpdate] = (),
        again: Again | None = None,
    ) -> Acceptance:
        """Put the rows of a new request and do what its guards ask, all or nothing.

        A request that exists already is found before any guard, so it takes nothing twice.
        Conflicts and throttles are retried; ``again`` may say what to write instead after a
        conflict at guards. Raise ``StoreUnavailable`` if the result is unknown.
        """

        def other(contended: frozenset[str]) -> _Written:
            assert again
            rows, guards = again(contended)
            return [self._put(row) for row in rows], guards

        request_id, items = rows[0]["request_id"], [self._put(row) for row in rows]
        return self._write(request_id, items, guards, other if again else None)

    def reopen(
        self, before: Row, after: Row, content: Sequence[Row], guards: Sequence[ConditionalUpdate]
    ) -> Acceptance:
        """Replace a failed REQUEST row by the next run's, take it out of the sums, and do what the
        guards ask, all or nothing; ``existing`` are the rows if another run was faster.
        """
        # Only a rerun needs the ledger: the others do not wait for its import.
        from cost_calculator.aws.ledger_store import addition, any_slot, cell_key
        from cost_calculator.budget_names import budget_key, name_of
        from cost_calculator.ledger import Change

        change = Change(before, after)
        put = {
            "TableName": self._table,
            "Item": to_item(after),
            "ConditionExpression": (
                "cost_status = :priced AND execution_arn = :execution"
                " AND attribute_not_exists(forgotten_at)"
            ),
            "ExpressionAttributeValues": to_item(
                {":priced": "PRICED", ":execution": before["execution_arn"]}
            ),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        items = [
            {"Put": put},
            *(addition(self._spend, cell_key(c, any_slot()), change.sums()) for c in change.cells),
        ]
        items += [{"Put": {"TableName": self._table, "Item": to_item(row)}} for row in content]
        guarded = {name_of(action.key) for action in guards}
        for name, sums in change.budgets().items():
            # A guard's own update gives back what the failed run had charged.
            if name not in guarded:
                items.append(addition(self._control, {"key": budget_key(name)}, sums))
        return self._write(before["request_id"], items, guards)

    def _write(
        self,
        request_id: str,
        items: Sequence[dict[str, Any]],
        guards: Sequence[ConditionalUpdate],
        again: Callable[[frozenset[str]], _Written] | None = None,
    ) -> Acceptance:
        for wait in (*waits(_TRIES, _FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS), None):
            actions = [*items, *(self._guard(action) for action in guards)]
            try:
                self._client.transact_write_items(TransactItems=actions)  # type: ignore[arg-type]
            except ClientError as error:
                stood = _stood_in_the_way(error)
                if any(item is not None for item in stood[: len(items)]):
                    return Acceptance(existing=self.rows_of(request_id))
                by_key = zip(guards, stood[len(items) :], strict=False)
                if refused := {a.key: item for a, item in by_key if item is not None}:
                    return Acceptance(refused=refused)
                reasons = reasons_of(error)
                contended = passing({code_of(error), *reasons})
                if wait is None or not contended:
                    raise StoreUnavailable(code_of(error), contended=bool(contended)) from error
                self._sleep(wait)
                met = zip(guards, reasons[len(items) :], strict=False)
                keys = frozenset(action.key for action, code in met if code == CONFLICT)
                if again and keys:
                    items, guards = again(keys)
            except BotoCoreError as error:
                raise StoreUnavailable(type(error).__name__) from error
            else:
                break
        return Acceptance()

    def _put(self, row: Row) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(row),
                "ConditionExpression": "attribute_not_exists(request_id)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def _guard(self, action: ConditionalUpdate) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._control,
                "Key": {"key": {"S": action.key}},
                "UpdateExpression": action.update,
                "ConditionExpression": action.condition,
                "ExpressionAttributeValues": to_item(action.values),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def _stood_in_the_way(error: ClientError) -> list[Row | None]:
    """Return the item of each action whose condition did not hold, ``None`` for the others."""
    return [
        from_item(reason.get("Item") or {}) if reason.get("Code") == CONDITION_FAILED else None
        for reason in error.response.get("CancellationReasons", [])
    ]


@lru_cache(maxsize=1)
def accept_store() -> AcceptStore:
    """Return the store of this function's environment, made once a process."""
    return AcceptStore(
        # A read that hangs must leave time to accept without it: 8 s of the function's 15 at most.
        dynamodb(read_timeout=2, tries=2),
        os.environ["USAGE_TABLE"],
        os.environ["CONTROL_TABLE"],
        os.environ["SPEND_TABLE"],
    )
