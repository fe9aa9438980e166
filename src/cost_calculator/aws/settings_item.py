"""Settings that a function's environment has no room for: an item of ``control``.

The module writes the item and gives the function its address as ``SETTINGS_ITEM``. A function reads
it once per cold start; its attributes are variables, in the environment like all others from then.
"""

from __future__ import annotations

import os
from typing import Any


class StoreUnavailable(RuntimeError):
    """DynamoDB did not answer. The workflow's Retry has this name and asks the function again."""


class SettingsMissing(RuntimeError):
    """The item is not in the table: it was deleted, or the function is older than the settings."""


def load_settings() -> None:
    """Put the settings of this function into its environment; what is there already, stays.

    A handler calls it before anything reads them.
    """
    if address := os.environ.get("SETTINGS_ITEM"):
        # Only here: a function without an item may need no client of DynamoDB until later.
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        client = boto3.client("dynamodb", config=Config(connect_timeout=2, read_timeout=5))
        try:
            settings = settings_at(address, client)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailable(f"{address}: {type(error).__name__}") from error
        for variable, value in settings.items():
            os.environ.setdefault(variable, value)


def settings_at(address: str, client: Any) -> dict[str, str]:
    """Return the variables in an item; ``table/key`` is its address."""
    table, _, key = address.partition("/")
    found = client.get_item(TableName=table, Key={"key": {"S": key}}, ConsistentRead=True)
    if (item := found.get("Item")) is None:
        raise SettingsMissing(f"{table} has no item {key}: apply the module again")
    return {variable: str(value["S"]) for variable, value in item.items() if variable != "key"}
