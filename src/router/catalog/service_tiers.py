"""How a provider is to serve a call: service tier, latency, and the mode that they are priced in.

What is not the ordinary has a price of its own: it is never priced as the ordinary.
"""

from __future__ import annotations

from typing import TypeGuard

from router.catalog.providers import PROVIDERS

_ORDINARY = frozenset({"auto", "default", "standard", "standard_only"})


def mode_of(service_tier: str | None, latency: str | None = None) -> str:
    """Return the price book's mode: `standard`, or the names of what is not, joined by `+`."""
    special = [name for name in (service_tier, latency) if name and name not in _ORDINARY]
    return "+".join(special) or "standard"


def names_a_tier(reported: object) -> TypeGuard[str]:
    """Return whether an answer names the tier that served it; ``auto`` repeats the question."""
    return isinstance(reported, str) and reported not in ("", "auto")


def problem_with(provider: str, service_tier: str | None, latency: str | None) -> str | None:
    """Return what to write if a provider has no such tier or latency, else ``None``."""
    spec = PROVIDERS[provider]
    if service_tier is not None and service_tier not in spec.service_tiers:
        known = ", ".join(spec.service_tiers)
        return f"{provider} has no service_tier {service_tier}: write {known}"
    if latency is not None and not spec.latencies:
        return f"{provider} has no latency: leave it out"
    if latency is not None and latency not in spec.latencies:
        return f"there is no latency {latency}: write {', '.join(spec.latencies)}"
    return None
