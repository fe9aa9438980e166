"""What each provider takes of pictures and documents in one request: how many, and how large. Pure.

From the references of Bedrock's Converse and the guides of Anthropic and OpenAI. ``None`` is a
limit that is not known here: the provider refuses what is over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_MB = 1_000_000
_MIB = 1 << 20
_PDF = frozenset({"application/pdf"})


@dataclass(frozen=True, slots=True)
class FileLimits:
    """``request_bytes`` are those of all files as base64; ``many_images_pixels`` is the longest
    side of a picture where a request has more than 20."""

    images: int | None = None
    image_bytes: int | None = None
    image_pixels: int | None = None
    many_images_pixels: int | None = None
    documents: int | None = None
    document_bytes: int | None = None
    document_types: frozenset[str] | None = None
    pages: int | None = None
    request_bytes: int | None = None


_NO_LIMITS = FileLimits()
_ANTHROPIC_SMALL = FileLimits(
    images=100, image_pixels=8_000, many_images_pixels=2_000,
    pages=100, request_bytes=32 * _MB,
)  # fmt: skip
_ANTHROPIC_LARGE = FileLimits(
    images=600, image_pixels=8_000, many_images_pixels=2_000,
    pages=600, request_bytes=32 * _MB,
)  # fmt: skip
_LARGE_WINDOW = 1_000_000
_LIMITS: Mapping[str, FileLimits] = {
    "bedrock": FileLimits(
        images=20, image_bytes=int(3.75 * _MIB), image_pixels=8_000,
        documents=5, document_bytes=int(4.5 * _MIB),
    ),
    "openai": FileLimits(image_bytes=50 * _MIB, document_types=_PDF),
}  # fmt: skip


def file_limits(provider: str, context_tokens: int | None) -> FileLimits:
    """Return what a provider takes for a model with such a window."""
    if provider == "anthropic":
        is_large = (context_tokens or 0) >= _LARGE_WINDOW
        return _ANTHROPIC_LARGE if is_large else _ANTHROPIC_SMALL
    return _LIMITS.get(provider, _NO_LIMITS)
