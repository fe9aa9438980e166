"""A log level leaves the metrics alone: what terraform/functions.tf relies on."""

from __future__ import annotations

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit

from cost_calculator.aws.metrics import emit


def test_powertools_goes_by_log_level_where_lambda_filters_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_LAMBDA_LOG_LEVEL", raising=False)
    monkeypatch.setenv("LOG_LEVEL", "ERROR")

    assert Logger(service="log-level-alone").log_level == 40


def test_a_level_of_lambdas_goes_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_LOG_LEVEL", "INFO")
    monkeypatch.setenv("LOG_LEVEL", "ERROR")

    assert Logger(service="log-level-of-lambda").log_level == 20


def test_metrics_are_printed_at_any_level_and_have_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "ERROR")

    emit({"tenant": "other"}, [("throttles", MetricUnit.Count, 1)])

    printed = capsys.readouterr().out
    assert '"throttles"' in printed
    assert '"level"' not in printed
