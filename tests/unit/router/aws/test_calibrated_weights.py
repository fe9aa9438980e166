from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger
from moto import mock_aws

from router.aws.calibrated_weights import calibrated_weights
from tests.support.factories import config


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="ours")
        yield client


def test_weights_that_are_named_are_fetched(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put_object(Bucket="ours", Key="a/router.weights", Body=b"calibrated")
    monkeypatch.setenv("ANALYZER_WEIGHTS", "s3://ours/a/router.weights")

    path = calibrated_weights(Logger(service="test"))

    assert path is not None
    assert path.read_bytes() == b"calibrated"


def test_without_a_name_the_shipped_weights_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANALYZER_WEIGHTS", raising=False)

    assert calibrated_weights(Logger(service="test")) is None


def test_weights_that_are_not_there_are_said_and_stop_no_request(
    bucket: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ANALYZER_WEIGHTS", "s3://ours/missing")

    assert calibrated_weights(Logger(service="test")) is None
    assert "calibrated weights not loaded" in caplog.messages


def test_a_calibrated_threshold_stands_for_the_modules() -> None:
    settings = config(routing={"raise_above": 0.8, "lower_below": 0.2})

    assert settings.with_threshold(None) == settings
    ruled = settings.with_threshold(0.1)
    assert (ruled.raise_above, ruled.lower_below) == (0.1, 0.1)
    assert settings.with_threshold(0.6).lower_below == 0.2
