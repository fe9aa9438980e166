"""A tenant with guards, its requests and its tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cost_calculator.row_keys import key_of
from router.acceptance.accept import accept
from router.acceptance.control_memory import Memory
from router.acceptance.ports import Dependencies, Execution
from router.acceptance.request_rows import Analysis
from router.config.settings import Config
from router.invocation.call import Provider
from tests.fakes.memory_tables import MemoryTables
from tests.support.factories import AT, classification, config

BREAKER = {"window_seconds": 60, "min_calls": 4, "error_rate": 0.5, "throttles": 3}


def nobody() -> Provider:
    raise AssertionError("the heuristic decides alone here")


@dataclass
class Desk:
    """Accepts requests one after the other, at its own time, in one process."""

    config: Config
    tables: Any = field(default_factory=MemoryTables)
    at: datetime = AT
    memory: Memory = field(default_factory=Memory)
    metered: list[tuple[str, float, str]] = field(default_factory=list)
    label: str = "SIMPLE"

    def ask(self, request_id: str = "r-1", run: str = "", **payload: Any) -> dict[str, Any]:
        deps = Dependencies(
            store=self.tables,
            memory=self.memory,
            classify=lambda _messages: classification(self.label),
            llm=nobody,
            stopwatch=lambda: Analysis(3, 512),
            clock=lambda: self.at,
            region="us-east-1",
            meter=lambda *metric: self.metered.append(metric),
        )
        given = {"input": "hi", "tenant": "acme", "request_id": request_id, **payload}
        execution = Execution(f"arn:{run or request_id}", run or request_id)
        return accept(given, execution, self.config, deps)

    def pass_time(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def row(self, request_id: str = "r-1", tenant: str = "acme") -> dict[str, Any]:
        row: dict[str, Any] = self.tables.rows[key_of(tenant, request_id)]["REQUEST"]
        return row


def desk(label: str = "SIMPLE", **changes: Any) -> Desk:
    return Desk(config(**changes), label=label)


def tenant(**rules: Any) -> Desk:
    return desk(tenants={"acme": rules})
