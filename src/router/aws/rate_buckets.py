"""The buckets of tenants' rates in the ``control`` table, as ``ingest`` sees them."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.items import from_item
from router.aws.dynamodb import dynamodb
from router.errors import StoreUnavailable
from router.guards.conditional_update import Item
from router.guards.rate_limit import rate_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class RateBuckets:
    """Reads buckets; taking from them is ``analyze``'s part."""

    def __init__(self, client: DynamoDBClient, control_table: str) -> None:
        self._client = client
        self._table = control_table

    def read(self, tenant: str) -> Item:
        """Return a tenant's buckets, empty before its first request; raise ``StoreUnavailable``."""
        key = {"key": {"S": rate_key(tenant)}}
        try:
            answer = self._client.get_item(TableName=self._table, Key=key)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(type(error).__name__) from error
        return from_item(answer.get("Item", {}))


@lru_cache(maxsize=1)
def rate_buckets() -> RateBuckets:
    """Return the deployment's buckets; the client is made once a process."""
    return RateBuckets(dynamodb(read_timeout=2, tries=2), os.environ["CONTROL_TABLE"])
