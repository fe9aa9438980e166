"""Deaths that a test orders: the next calls of a function lose their worker.

`POST /_local/kill {"function": NAME, "count": 3, "after_ms": 50}`: each of the next three calls is
killed after 50 ms, or right after the handler ended if that came first; its answer is lost either
way. `count: 0` calls it off. `GET` answers how many are left.
"""

import threading
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class _Order:
    count: int
    after_seconds: float


_orders: dict[str, _Order] = {}
_lock = threading.Lock()


def death_of(function: str) -> float | None:
    """Seconds until this call's worker is to die, or None; takes one death off the order."""
    with _lock:
        order = _orders.get(function)
        if order is None or order.count <= 0:
            return None
        order.count -= 1
        return order.after_seconds


def control(method: str, body: dict[str, Any]) -> dict[str, Any]:
    """Answer the control path; see the module's text."""
    with _lock:
        if method == "POST":
            name = body.get("function")
            if not isinstance(name, str):
                raise ValueError(
                    'name the function: {"function": NAME, "count": N, "after_ms": MS}'
                )
            _orders[name] = _Order(int(body.get("count", 1)), float(body.get("after_ms", 0)) / 1000)
        return {name: order.count for name, order in _orders.items()}
