"""What ``analyze`` reads and writes around accepting: one read before, one transaction. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Item = dict[str, Any]
"""An item as plain values, by attribute."""


@dataclass(frozen=True, slots=True)
class ConditionalUpdate:
    """A conditional update of one item of ``control``, done together with the rows or not at all.

    ``update`` and ``condition`` are DynamoDB expressions over ``values`` (``:name``).
    """

    key: str
    update: str
    condition: str
    values: Mapping[str, Any]
