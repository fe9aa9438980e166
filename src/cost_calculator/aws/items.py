"""Rows in DynamoDB's notation, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

to_value = TypeSerializer().serialize
"""Return one plain value as DynamoDB writes it: ``{"N": "1"}``."""

_from_value = TypeDeserializer().deserialize


def to_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values in DynamoDB's notation (``{"tier": {"S": "SIMPLE"}}``)."""
    return {name: to_value(value) for name, value in row.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a DynamoDB item (``{"cost_usd": {"N": "1"}}``) as plain values and ``Decimal``."""
    return {name: _from_value(value) for name, value in item.items()}
