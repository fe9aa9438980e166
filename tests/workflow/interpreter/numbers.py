"""Numbers of DynamoDB that moto cannot add: ``9E-7``, as boto3 writes 0.0000009, has no point."""

from __future__ import annotations

from decimal import Decimal

from moto.dynamodb.models.dynamo_type import DDBType, DynamoType


def add(one: DynamoType, other: DynamoType) -> DynamoType:
    """Return the sum of two numbers, however they are spelt."""
    return DynamoType({DDBType.NUMBER: f"{Decimal(one.value) + Decimal(other.value):f}"})


def subtract(one: DynamoType, other: DynamoType) -> DynamoType:
    """Return the difference of two numbers, however they are spelt."""
    return DynamoType({DDBType.NUMBER: f"{Decimal(one.value) - Decimal(other.value):f}"})
