from __future__ import annotations

import json

import pytest

from router.aws.guard_metrics import meter


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture(autouse=True)
def _namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Faregate")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "analyze")
    monkeypatch.setenv("METRIC_TENANTS", "acme")


def test_a_guards_metric_is_told_by_tenant(capsys: pytest.CaptureFixture[str]) -> None:
    meter("budget_used_percent", 84.5, "acme")
    told = printed(capsys)

    assert told["tenant"] == "acme"
    assert told["budget_used_percent"] == [84.5]


@pytest.mark.parametrize(("tenant", "series"), [("*", "*"), ("one of thousands", "other")])
def test_the_number_of_series_stays_bounded(
    capsys: pytest.CaptureFixture[str], tenant: str, series: str
) -> None:
    meter("budget_exceeded", 1, tenant)

    assert printed(capsys)["tenant"] == series
