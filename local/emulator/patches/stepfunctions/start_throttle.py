"""StartExecution that is throttled on order, as AWS does when its token bucket is empty.

AWS: more StartExecution calls than the account's quota answer `ThrottlingException` (400), and
nothing is started.
MiniStack 1.5.33: takes any number.
`POST /_local/throttle {"count": 5}`: the next five calls are refused. `GET` answers how many
are left.
"""

import threading
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import stepfunctions

from local.emulator.patches import admin
from local.emulator.patches.registry import replaces
from local.emulator.patches.stepfunctions import payload_sizes

_lock = threading.Lock()
_order = {"left": 0}


@replaces(stepfunctions, "_start_execution", after=payload_sizes)
def start(original: Callable[[dict[str, Any]], Any], data: dict[str, Any]) -> Any:
    """Refuse in front of the emulator's StartExecution."""
    if _refused():
        return error_response_json("ThrottlingException", "Rate exceeded", 400)
    return original(data)


def _refused() -> bool:
    with _lock:
        refused = _order["left"] > 0
        _order["left"] -= refused
        return refused


def _control(method: str, body: dict[str, Any]) -> dict[str, Any]:
    with _lock:
        if method == "POST":
            if not isinstance(body.get("count"), int) or body["count"] < 0:
                raise ValueError('write how many calls: {"count": 5}')
            _order["left"] = body["count"]
        return dict(_order)


admin.route("throttle", _control)
