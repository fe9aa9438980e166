"""An in-memory DynamoDB that knows ``transact_write_items`` alone: fast, and faulty on demand."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

_ABSENT = re.compile(r"attribute_not_exists\((.*)\)")
_CLAUSE = re.compile(r"(SET|REMOVE|ADD) (.*?)(?= (?:SET|REMOVE|ADD) |$)")


def cancelled(*codes: str) -> ClientError:
    """Return the error of a transaction that was not done, one code for each of its items."""
    reasons = [{"Code": code} for code in codes]
    error = {"Code": "TransactionCanceledException", "Message": "cancelled"}
    return ClientError({"Error": error, "CancellationReasons": reasons}, "TransactWriteItems")  # type: ignore[typeddict-unknown-key]


def service_error(code: str) -> ClientError:
    """Return the error of a call that the service refused as a whole."""
    return ClientError({"Error": {"Code": code, "Message": code}}, "TransactWriteItems")


class FakeDynamoDB:
    """All or nothing, conditions checked, no item twice; ``fault`` may raise before or after."""

    def __init__(self, key_names: dict[str, tuple[str, ...]]) -> None:
        self.tables: dict[str, dict[tuple[str, ...], dict[str, Any]]] = {n: {} for n in key_names}
        self._key_names = key_names
        self.fault: Callable[[str], None] = lambda _when: None

    def put(self, table: str, item: dict[str, Any]) -> None:
        """Put an item in DynamoDB's own notation."""
        self.tables[table][self._key(table, item)] = copy.deepcopy(item)

    def transact_write_items(self, TransactItems: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        """Do all puts and updates or none, as the service does."""
        self.fault("before")
        actions = [next(iter(action.values())) for action in TransactItems]
        targets = [
            (a["TableName"], self._key(a["TableName"], a.get("Key") or a["Item"])) for a in actions
        ]
        if len(actions) > 100 or len(set(targets)) != len(targets):
            raise service_error("ValidationException")
        codes = []
        for action, (table, key) in zip(actions, targets, strict=True):
            met = _condition_holds(action, self.tables[table].get(key, {}))
            codes.append("None" if met else "ConditionalCheckFailed")
        if "ConditionalCheckFailed" in codes:
            raise cancelled(*codes)
        for action, (table, key) in zip(actions, targets, strict=True):
            if "Item" in action:
                self.tables[table][key] = copy.deepcopy(action["Item"])
            else:
                _apply(action, self.tables[table].setdefault(key, copy.deepcopy(action["Key"])))
        self.fault("after")
        return {}

    def _key(self, table: str, item: dict[str, Any]) -> tuple[str, ...]:
        return tuple(item[name]["S"] for name in self._key_names[table])


def _condition_holds(action: dict[str, Any], item: dict[str, Any]) -> bool:
    if "ConditionExpression" not in action:
        return True
    names = action.get("ExpressionAttributeNames", {})
    for term in action["ConditionExpression"].split(" AND "):
        if absent := _ABSENT.fullmatch(term):
            if names.get(absent[1], absent[1]) in item:
                return False
            continue
        name, value = term.split(" = ")
        if item.get(names.get(name, name)) != action["ExpressionAttributeValues"][value]:
            return False
    return True


def _apply(update: dict[str, Any], item: dict[str, Any]) -> None:
    names, values = update["ExpressionAttributeNames"], update["ExpressionAttributeValues"]
    for verb, terms in _CLAUSE.findall(update["UpdateExpression"]):
        for term in terms.split(", "):
            name, _, value = term.replace(" = ", " ").partition(" ")
            if verb == "SET":
                item[names[name]] = values[value]
            elif verb == "REMOVE":
                item.pop(names[name], None)
            else:
                total = Decimal(item.get(names[name], {"N": "0"})["N"])
                item[names[name]] = {"N": str(total + Decimal(values[value]["N"]))}
