"""What accepting a request needs, for tests; each says what it is about."""

from __future__ import annotations

from typing import Any

from router.acceptance.control_memory import Memory
from router.acceptance.ports import Dependencies
from router.acceptance.request_rows import Analysis
from router.aws.accept_store import AcceptStore
from router.invocation.call import Provider
from tests.support.factories import AT, classification
from tests.support.tables import CONTROL, SPEND, USAGE


def accept_store(client: Any) -> AcceptStore:
    """Return a store that waits for nobody."""
    return AcceptStore(client, USAGE, CONTROL, SPEND, sleep=lambda _seconds: None)


def dependencies(store: AcceptStore, **changes: Any) -> Dependencies:
    """Return them for a heuristic that is sure, at ``AT``."""
    fields: dict[str, Any] = {
        "store": store,
        "memory": Memory(),
        "classify": lambda _messages: classification(),
        "llm": nobody,
        "stopwatch": lambda: Analysis(3, 512),
        "clock": lambda: AT,
        "region": "us-east-1",
        "meter": lambda _name, _value, _tenant: None,
        "stored": lambda _address: None,
    }
    return Dependencies(**fields | changes)


def nobody() -> Provider:
    raise AssertionError("the heuristic decides alone here")
