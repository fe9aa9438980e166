"""What a price depends on besides the model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PricingContext:
    """Time and region of a call; ``memory_mb`` is that of the Lambda which waits for it."""

    at: datetime
    region: str
    memory_mb: int
