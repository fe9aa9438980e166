"""How a provider is to serve a call: service tier, latency, and the mode that they are priced in.

What is not the ordinary has a price of its own: it is never priced as the ordinary.
"""

from __future__ import annotations

from collections.abc import Mapping

# As the providers name them; Anthropic's priority is a commitment that `auto` makes use of.
SERVICE_TIERS: Mapping[str, tuple[str, ...]] = {
    "bedrock": ("default", "flex", "priority", "reserved"),
    "openai": ("auto", "default", "flex", "priority", "scale", "fast"),
    "anthropic": ("auto", "standard_only"),
}
LATENCIES = ("standard", "optimized")
_ORDINARY = frozenset({"auto", "default", "standard", "standard_only"})


def mode_of(service_tier: str | None, latency: str | None = None) -> str:
    """Return the price book's mode: `standard`, or the names of what is not, joined by `+`."""
    special = [name for name in (service_tier, latency) if name and name not in _ORDINARY]
    return "+".join(special) or "standard"


def problem_with(provider: str, service_tier: str | None, latency: str | None) -> str | None:
    """Return what to write where a provider has no such tier or latency, else ``None``."""
    known = SERVICE_TIERS.get(provider, ())
    if service_tier is not None and service_tier not in known:
        return f"{provider} has no service_tier {service_tier}: write {', '.join(known)}"
    if latency is not None and provider != "bedrock":
        return f"{provider} has no latency: leave it out"
    if latency is not None and latency not in LATENCIES:
        return f"there is no latency {latency}: write {', '.join(LATENCIES)}"
    return None
