"""Settings in an item: read once, beside what the environment holds."""

from __future__ import annotations

import os
from typing import Any

import boto3
import pytest

from cost_calculator.aws import settings_item
from cost_calculator.aws.items import to_item
from cost_calculator.aws.settings_item import SettingsMissing, StoreUnavailable, load_settings
from tests.fakes.dynamodb import DynamoDB, service_error
from tests.support.tables import CONTROL, create_tables

KEY = "config#analyze#0123456789abcdef"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> DynamoDB:
    made = DynamoDB()
    create_tables(made)
    made.put(CONTROL, to_item({"key": KEY, "FAREGATE_CONFIG": '{"a": 1}', "PRICE_OVERRIDES": "[]"}))
    client: Any = lambda *_, **__: made  # noqa: E731
    monkeypatch.setattr(boto3, "client", client)
    monkeypatch.setenv("SETTINGS_ITEM", f"{CONTROL}/{KEY}")
    for variable in ("FAREGATE_CONFIG", "PRICE_OVERRIDES"):
        monkeypatch.setenv(variable, "")
        monkeypatch.delenv(variable)
    return made


def test_settings_of_the_item_are_variables(store: DynamoDB) -> None:
    load_settings()

    assert os.environ["FAREGATE_CONFIG"] == '{"a": 1}'
    assert os.environ["PRICE_OVERRIDES"] == "[]"
    assert "key" not in os.environ


def test_a_variable_of_the_function_itself_stays(
    store: DynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAREGATE_CONFIG", "mine")

    load_settings()

    assert os.environ["FAREGATE_CONFIG"] == "mine"


def test_a_function_without_an_item_asks_nobody(
    store: DynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SETTINGS_ITEM")

    load_settings()

    assert "GetItem" not in store.calls


def test_an_item_that_is_gone_says_what_to_do(
    store: DynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SETTINGS_ITEM", f"{CONTROL}/config#analyze#older")

    with pytest.raises(SettingsMissing, match="apply the module again"):
        load_settings()


def test_a_table_that_does_not_answer_is_asked_again_by_the_workflow(store: DynamoDB) -> None:
    from router.errors import StoreUnavailable as OfTheWorkflow

    store.fail(service_error("InternalServerError", "GetItem"), on="GetItem")

    with pytest.raises(StoreUnavailable):
        load_settings()
    # Step Functions knows an error of a Lambda by the name of its class.
    assert settings_item.StoreUnavailable.__name__ == OfTheWorkflow.__name__
