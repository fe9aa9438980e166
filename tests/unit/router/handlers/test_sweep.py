"""The sweep prices first, then closes; trouble in one of them does not stop the other."""

from __future__ import annotations

from typing import Any

import pytest

from cost_calculator.backlog import Report
from router.handlers import sweep
from router.recovery.abandoned import Swept

PRICED = Report(priced=3, duplicates=0, unpriced=0, failed=0)


class Context:
    """Lambda's, with time left."""

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    steps: list[str] = []
    monkeypatch.setenv("WORKFLOW_SECONDS", "900")
    monkeypatch.setattr(sweep, "usage_store", lambda: None)
    monkeypatch.setattr(sweep, "run_rows", lambda: None)
    monkeypatch.setattr(sweep, "step_functions", lambda: None)
    monkeypatch.setattr(sweep, "notify_topic", lambda _logger: None)

    def price(_older_than: Any) -> Report:
        steps.append("priced")
        return PRICED

    def close(*_given: Any, **_named: Any) -> Swept:
        steps.append("closed")
        return Swept(1, 0)

    monkeypatch.setattr(sweep, "_price", price)
    monkeypatch.setattr(sweep, "close_abandoned", close)
    return steps


def test_money_that_is_known_waits_for_no_run(done: list[str]) -> None:
    assert sweep.handler({}, Context()) == {"closed": 1, "left": 0, "priced": PRICED}
    assert done == ["priced", "closed"]


def test_requests_are_closed_though_pricing_failed_and_the_failure_shows(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def trouble(_older_than: Any) -> Report:
        raise RuntimeError("the table does not answer")

    monkeypatch.setattr(sweep, "_price", trouble)

    with pytest.raises(RuntimeError):
        sweep.handler({}, Context())
    assert done == ["closed"]


def test_what_was_priced_stays_though_closing_failed(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def trouble(*_given: Any, **_named: Any) -> Swept:
        raise RuntimeError("Step Functions does not answer")

    monkeypatch.setattr(sweep, "close_abandoned", trouble)

    with pytest.raises(RuntimeError):
        sweep.handler({}, Context())
    assert done == ["priced"]
