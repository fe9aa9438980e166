"""A model as a deployment names it, and the models of a tier."""

from __future__ import annotations

from dataclasses import dataclass

from router.catalog.capabilities import ALL, Capabilities
from router.catalog.service_tiers import mode_of

FALLBACK_CAUSES = ("throttled", "timeout", "too_long", "refused", "error")


@dataclass(frozen=True, slots=True)
class Model:
    """A model of one provider, and how many tokens it may answer with.

    As a fallback it is asked for the causes in ``when`` alone. ``context_tokens`` is its window,
    ``None`` if that is not known. ``service_tier`` and ``latency`` are the provider's own words,
    ``None`` to leave them to it. ``can`` is what it does beside text.
    """

    provider: str
    model: str
    max_tokens: int
    when: tuple[str, ...] = FALLBACK_CAUSES
    context_tokens: int | None = None
    service_tier: str | None = None
    latency: str | None = None
    can: Capabilities = ALL

    @property
    def mode(self) -> str:
        """The mode in which the model's calls are priced, as it is asked for."""
        return mode_of(self.service_tier, self.latency)


@dataclass(frozen=True, slots=True)
class Tier:
    """The model that serves a tier, and those asked in order when it cannot."""

    primary: Model
    fallbacks: tuple[Model, ...]
