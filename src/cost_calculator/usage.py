"""Turns a provider's usage object into disjoint token classes; the only place that does so.

Providers count differently. Bedrock and Anthropic report input tokens *without* what was read
from or written to the prompt cache; OpenAI reports them *with* it. Reasoning is output everywhere.
A field that is not listed here may be on the bill, so that it is refused unless it counts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_TOKENS = 10**12
"""More tokens than any call can hold; keeps every product exact in Decimal arithmetic."""


class InvalidUsage(ValueError):
    """The usage is impossible, so no cost can be computed from it; the message names the field."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one call in classes that never overlap, so that their sum is the call's total."""

    input: int
    output: int
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0

    @property
    def total_input(self) -> int:
        """All tokens that were sent, cached or not: what long-context tiers are measured by."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h


TOKEN_CLASSES = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")


def from_classes(raw: object) -> Tokens:
    """Read usage that is disjoint already: ``{"input_tokens": 3, "output_tokens": 5, ...}``.

    ``input_tokens`` and ``output_tokens`` are required; an unknown field is refused, since tokens
    in it would go unpriced.
    """
    usage = _mapping(raw, "usage")
    if unknown := sorted(set(usage) - {f"{name}_tokens" for name in TOKEN_CLASSES}, key=str):
        allowed = ", ".join(f"{name}_tokens" for name in TOKEN_CLASSES)
        raise InvalidUsage(f"usage.{unknown[0]} is not a token class; use {allowed}")
    return Tokens(
        input=_count(usage, "input_tokens"),
        output=_count(usage, "output_tokens"),
        cache_read=_count(usage, "cache_read_tokens", default=0),
        cache_write_5m=_count(usage, "cache_write_5m_tokens", default=0),
        cache_write_1h=_count(usage, "cache_write_1h_tokens", default=0),
    )


def from_provider(provider: str, raw: object) -> Tokens:
    """Read usage as ``provider`` sent it; raise InvalidUsage if it cannot be true."""
    usage = _mapping(raw, "usage")
    if provider == "bedrock":
        return _bedrock(usage)
    if provider == "anthropic":
        return _anthropic(usage)
    if provider == "openai":
        return _openai(usage)
    raise InvalidUsage(f"the usage of provider {provider!r} is unknown; use one of {PROVIDERS}")


PROVIDERS = ("anthropic", "bedrock", "openai")


def special_modes(provider: str, raw: object) -> tuple[str, ...]:
    """Return what in a usage object changes the price of every token: place and speed.

    Raise InvalidUsage if it is not a word.
    """
    if provider != "anthropic" or not isinstance(raw, Mapping):
        return ()
    found = []
    for field, ordinary in _ORDINARY.items():
        value = raw.get(field)
        if value is None or value in ordinary:
            continue
        if not isinstance(value, str) or not _MODE.fullmatch(value):
            raise InvalidUsage(f"usage.{field} is not a word")
        found.append(value)
    return tuple(found)


_ORDINARY = {
    "speed": ("", "standard"),
    "inference_geo": ("", "global", "not_available"),
}
_MODE = re.compile(r"[a-z][a-z0-9_-]{0,30}")


def _bedrock(usage: Mapping[str, Any]) -> Tokens:
    _only(
        usage,
        "inputTokens outputTokens totalTokens cacheReadInputTokens cacheWriteInputTokens"
        " cacheDetails",
    )
    fresh = _count(usage, "inputTokens")
    output = _count(usage, "outputTokens")
    read = _count(usage, "cacheReadInputTokens", default=0)
    written = _count(usage, "cacheWriteInputTokens", default=0)
    by_ttl = {"5m": 0, "1h": 0}
    details = usage.get("cacheDetails") or ()
    if not isinstance(details, list | tuple):
        raise InvalidUsage("usage.cacheDetails is not a list")
    for detail in details:
        ttl = _mapping(detail, "usage.cacheDetails[]").get("ttl")
        if ttl not in by_ttl:
            raise InvalidUsage(f"usage.cacheDetails has the unknown ttl {ttl!r}")
        by_ttl[ttl] += _count(detail, "inputTokens")
    if details and sum(by_ttl.values()) != written:
        raise InvalidUsage("usage.cacheDetails does not add up to cacheWriteInputTokens")
    total = _count(usage, "totalTokens", default=fresh + output)
    # Some models leave the cache out of their total; anything else is tokens we cannot place.
    if total not in (fresh + output, fresh + output + read + written):
        raise InvalidUsage("usage.totalTokens is not the sum of its parts")
    long_lived = by_ttl["1h"]
    return Tokens(fresh, output, read, written - long_lived, long_lived)


def _anthropic(usage: Mapping[str, Any]) -> Tokens:
    _only(
        usage,
        "input_tokens output_tokens output_tokens_details cache_creation"
        " cache_creation_input_tokens cache_read_input_tokens service_tier inference_geo speed"
        " iterations",
    )
    _check_iterations(usage)
    _only(_details(usage, "output_tokens_details"), "thinking_tokens", "output_tokens_details.")
    written = _count(usage, "cache_creation_input_tokens", default=0)
    by_ttl = usage.get("cache_creation")
    long_lived = 0
    if by_ttl is not None:
        by_ttl = _mapping(by_ttl, "usage.cache_creation")
        _only(by_ttl, "ephemeral_5m_input_tokens ephemeral_1h_input_tokens", "cache_creation.")
        long_lived = _count(by_ttl, "ephemeral_1h_input_tokens", default=0)
        if long_lived + _count(by_ttl, "ephemeral_5m_input_tokens", default=0) != written:
            raise InvalidUsage(
                "usage.cache_creation does not add up to cache_creation_input_tokens"
            )
    return Tokens(
        input=_count(usage, "input_tokens"),
        output=_count(usage, "output_tokens"),
        cache_read=_count(usage, "cache_read_input_tokens", default=0),
        cache_write_5m=written - long_lived,
        cache_write_1h=long_lived,
    )


def _check_iterations(usage: Mapping[str, Any]) -> None:
    """Refuse steps of a call that its totals leave out: they are billed as well."""
    steps = usage.get("iterations") or ()
    if not isinstance(steps, list | tuple):
        raise InvalidUsage("usage.iterations is not a list")
    for field in ("input_tokens", "output_tokens"):
        counts = [_count(_mapping(step, "usage.iterations[]"), field) for step in steps]
        if counts and sum(counts) != _count(usage, field):
            raise InvalidUsage(f"usage.iterations does not add up to {field}")


def _openai(usage: Mapping[str, Any]) -> Tokens:
    """Read chat completions (``prompt_tokens``) or responses (``input_tokens``) usage.

    OpenAI has one price for cache writes whatever their age, so they all count in the 5 m class.
    """
    sent, received = "prompt_tokens", "completion_tokens"
    if sent not in usage and "input_tokens" in usage:
        sent, received = "input_tokens", "output_tokens"
    everything, output = _count(usage, sent), _count(usage, received)
    _only(usage, f"{sent} {received} total_tokens {sent}_details {received}_details")
    sent_details = _details(usage, f"{sent}_details")
    # Tokens of images cost what those of text cost; those of audio do not.
    known = "cached_tokens cache_write_tokens text_tokens image_tokens"
    _only(sent_details, known, f"{sent}_details.")
    read = _count(sent_details, "cached_tokens", default=0)
    written = _count(sent_details, "cache_write_tokens", default=0)
    if read + written > everything:
        raise InvalidUsage(f"usage.{sent}_details counts more cached tokens than {sent}")
    received_details = _details(usage, f"{received}_details")
    known = "reasoning_tokens text_tokens accepted_prediction_tokens rejected_prediction_tokens"
    _only(received_details, known, f"{received}_details.")
    if _count(received_details, "reasoning_tokens", default=0) > output:
        raise InvalidUsage(f"usage.{received}_details counts more reasoning than {received}")
    if _count(usage, "total_tokens", default=everything + output) != everything + output:
        raise InvalidUsage("usage.total_tokens is not the sum of its parts")
    return Tokens(everything - read - written, output, read, written)


def _only(usage: Mapping[str, Any], known: str, within: str = "") -> None:
    """Refuse a field that is not ``known``, unless it counts nothing."""
    for field in sorted(set(usage) - set(known.split()), key=str):
        if not _counts_nothing(usage[field]):
            raise InvalidUsage(f"usage.{within}{str(field)[:60]} is not known; it may be billed")


def _counts_nothing(value: Any, levels: int = 3) -> bool:
    if not value or not levels:
        return not value
    if isinstance(value, Mapping):
        value = list(value.values())
    return isinstance(value, list) and all(_counts_nothing(it, levels - 1) for it in value)


def _details(usage: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    return _mapping(usage.get(field) or {}, f"usage.{field}")


def _mapping(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidUsage(f"{name} is not an object")
    return value


def _count(usage: Mapping[str, Any], field: str, *, default: int | None = None) -> int:
    value = usage.get(field, default)
    if value is None:
        # A provider that sends null for an optional class means that it has none.
        if default is not None:
            return default
        raise InvalidUsage(f"usage.{field} is missing")
    # `type`, not isinstance: a bool is an int to Python, and never a count of tokens.
    if type(value) is not int:
        raise InvalidUsage(f"usage.{field} is {value!r}, not a whole number")
    if not 0 <= value <= MAX_TOKENS:
        raise InvalidUsage(f"usage.{field} is {value}, not between 0 and {MAX_TOKENS}")
    return value
