"""What the module was told: tiers, thresholds, limits; read once from ``SWITCHYARD_CONFIG``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TIERS = ("SIMPLE", "CALCULATION", "COMPLEX")


@dataclass(frozen=True, slots=True)
class Model:
    """A model of one provider, and how many tokens it may answer with."""

    provider: str
    model: str
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Tier:
    """The model that serves a tier, and those asked in order when it cannot."""

    primary: Model
    fallbacks: tuple[Model, ...]


@dataclass(frozen=True, slots=True)
class Config:
    """The deployment's settings. ``raise_above`` and ``lower_below`` are bounds on the score."""

    tiers: Mapping[str, Tier]
    raise_above: float
    lower_below: float
    input_bytes_limit: int
    store_text: bool
    text_ttl_days: int
    workflow_type: str
    workflow_seconds: int

    @classmethod
    def from_json(cls, text: str) -> Config:
        """Parse the module's JSON; a missing key is a defect of the deployment and raises."""
        data = json.loads(text)
        return cls(
            tiers={name: _tier(data["tiers"][name]) for name in TIERS},
            raise_above=float(data["routing"]["raise_above"]),
            lower_below=float(data["routing"]["lower_below"]),
            input_bytes_limit=int(data["limits"]["input_bytes"]),
            store_text=bool(data["store_text"]),
            text_ttl_days=int(data["text_ttl_days"]),
            workflow_type=str(data["workflow_type"]),
            workflow_seconds=int(data["workflow_seconds"]),
        )


def _tier(data: Mapping[str, Any]) -> Tier:
    return Tier(_model(data), tuple(_model(fallback) for fallback in data.get("fallbacks") or ()))


def _model(data: Mapping[str, Any]) -> Model:
    return Model(str(data["provider"]), str(data["model"]), int(data["max_tokens"]))
