"""Writes that meet a transaction in flight, on order.

AWS: while a transaction is in flight on an item, another transaction with that item is
`TransactionCanceledException` with the reason `TransactionConflict` for it, and a single write of
it `TransactionConflictException`; neither writes anything. A read by TransactGetItems is cancelled
too, a GetItem is not.
MiniStack 1.5.33: serves one request after another, so that none of them ever meet.

`POST /_local/conflicts {"rate": 0.2, "key": "budget#", "count": 50, "seed": 7}`: of the writes of
items with a key that contains the text, that share meets a transaction, 50 times at most. Without
`key` every item counts, without `count` there is no end, without `seed` it is 0; `"rate": 0` calls
it off. `GET` answers the order, what is left of it, and how many conflicts there were.
"""

import json
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import dynamodb

from local.emulator.patches import admin
from local.emulator.patches.registry import replaces

Response = tuple[int, dict[str, str], bytes]
Operation = Callable[[dict[str, Any]], Response]

_MESSAGE = "Transaction is ongoing for the item"
_lock = threading.Lock()
_order: dict[str, Any] = {"rate": 0.0, "key": "", "left": None, "conflicts": 0}
_draws = random.Random(0)


@replaces(dynamodb, "_put_item")
@replaces(dynamodb, "_update_item")
@replaces(dynamodb, "_delete_item")
def write(original: Operation, data: dict[str, Any]) -> Response:
    """Refuse the write of an item that is in a transaction."""
    if _meets(data):
        response: Response = error_response_json("TransactionConflictException", _MESSAGE, 400)
        return response
    return original(data)


@replaces(dynamodb, "_transact_write_items")
@replaces(dynamodb, "_transact_get_items")
def transact(original: Operation, data: dict[str, Any]) -> Response:
    """Cancel the transaction with the reason of each item."""
    met = [_meets(action) for action in _actions(data)]
    return _canceled(met) if any(met) else original(data)


def _actions(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in data.get("TransactItems") or []:
        yield from item.values()


def _meets(action: dict[str, Any]) -> bool:
    """Draw whether this item is in another transaction; take one off the order if so."""
    with _lock:
        if not _order["rate"] or _order["left"] == 0 or not _is_meant(action):
            return False
        met: bool = _draws.random() < _order["rate"]
        if met:
            _order["conflicts"] += 1
            _order["left"] = _order["left"] and _order["left"] - 1
        return met


def _is_meant(action: dict[str, Any]) -> bool:
    table = dynamodb._tables.get(dynamodb._normalize_table_name(action.get("TableName", ""))) or {}
    item = action.get("Key") or action.get("Item") or {}
    values = [item.get(table.get(name)) or {} for name in ("pk_name", "sk_name")]
    return any(_order["key"] in str(text) for value in values for text in value.values())


def _canceled(met: list[bool]) -> Response:
    conflict = {"Code": "TransactionConflict", "Message": _MESSAGE}
    reasons = [conflict if each else {"Code": "None"} for each in met]
    codes = ", ".join(reason["Code"] for reason in reasons)
    name = "TransactionCanceledException"
    body = {
        "__type": name,
        "message": "Transaction cancelled, please refer cancellation reasons for specific reasons "
        f"[{codes}]",
        "CancellationReasons": reasons,
    }
    headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-errortype": name}
    return 400, headers, json.dumps(body).encode()


def _control(method: str, body: dict[str, Any]) -> dict[str, Any]:
    with _lock:
        if method == "POST":
            rate = body.get("rate")
            if not isinstance(rate, int | float) or not 0 <= rate <= 1:
                raise ValueError('write which share of the writes: {"rate": 0.2}')
            _draws.seed(body.get("seed", 0))
            _order.update(
                rate=rate, key=str(body.get("key", "")), left=body.get("count"), conflicts=0
            )
        return dict(_order)


admin.route("conflicts", _control)
