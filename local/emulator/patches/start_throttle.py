"""StartExecution that is throttled on order, as AWS does when its token bucket is empty.

AWS: more StartExecution calls than the account's quota answer `ThrottlingException` (400), and
nothing is started.
MiniStack 1.5.33: takes any number.
`POST /_local/throttle {"count": 5}`: the next five calls are refused. `GET` tells how many are
left.
"""

import threading
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import stepfunctions

from local.emulator.patches import admin

_lock = threading.Lock()
_order = {"left": 0}


def apply() -> None:
    """Put the refusals in front of the emulator's StartExecution."""
    start_execution = stepfunctions._start_execution

    def start(data: dict[str, Any]) -> Any:
        if _refused():
            return error_response_json("ThrottlingException", "Rate exceeded", 400)
        return start_execution(data)

    stepfunctions._start_execution = start
    admin.route("throttle", _control)


def _refused() -> bool:
    with _lock:
        refused = _order["left"] > 0
        _order["left"] -= refused
        return refused


def _control(method: str, body: dict[str, Any]) -> dict[str, Any]:
    with _lock:
        if method == "POST":
            if not isinstance(body.get("count"), int) or body["count"] < 0:
                raise ValueError('say how many calls: {"count": 5}')
            _order["left"] = body["count"]
        return dict(_order)
