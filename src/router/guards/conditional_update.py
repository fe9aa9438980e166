"""What ``analyze`` reads and writes around accepting: one read before, one transaction. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Item = dict[str, Any]
"""An item as plain values, by attribute."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the one read gave: items of ``control`` by key, and the answer kept in the cache."""

    control: Mapping[str, Item] = field(default_factory=dict)
    cached: Item | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """A conditional update of one item of ``control``, done together with the rows or not at all.

    ``update`` and ``condition`` are DynamoDB expressions over ``values`` (``:name``).
    """

    key: str
    update: str
    condition: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What became of a request: put now, standing already (``existing``), or ``refused``.

    ``existing`` are the rows under its id. ``refused`` are the actions whose condition did not
    hold, by key, each with its item as it stands (empty where there is none).
    """

    existing: Mapping[str, Item] | None = None
    refused: Mapping[str, Item] = field(default_factory=dict)
