"""When a model of the price book stops answering, as far as a published table names a day."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

RETIREMENTS_PATH = Path(__file__).with_name("retirements.json")


def retirement_of(provider: str, model: str) -> date | None:
    """Return the day from which a model is no longer expected to answer, ``None`` if none is known.

    ``python -m tools.prices confirm`` notes these days.
    """
    notes = json.loads(RETIREMENTS_PATH.read_text(encoding="utf-8"))
    day = notes["models"].get(provider, {}).get(model)
    return date.fromisoformat(day) if day else None
