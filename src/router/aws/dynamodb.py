"""The DynamoDB client that every table's adapter shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


def dynamodb(read_timeout: float = 5, tries: int = 3) -> DynamoDBClient:
    """Return a client for conditional writes, which the SDK may send again without harm."""
    config = Config(
        connect_timeout=2,
        read_timeout=read_timeout,
        retries={"total_max_attempts": tries},
        # DynamoDB validates them too; the SDK takes a tenth of a call's processor time for it.
        parameter_validation=False,
    )
    return boto3.client("dynamodb", config=config)
