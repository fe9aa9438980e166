"""Which files of a request are more than a provider takes, in words that name its limit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from router.catalog.file_limits import FileLimits
from router.conversation.blocks import Document, Image
from router.conversation.media import DOCUMENT_TYPES, Media

_FEW_IMAGES = 20


def too_much(media: Sequence[Image | Document], limits: FileLimits) -> Iterator[str]:
    """Yield what a provider with these limits does not take."""
    images = [part.media for part in media if isinstance(part, Image)]
    documents = [part.media for part in media if isinstance(part, Document)]
    yield from _count(len(images), limits.images, "images")
    yield from _count(len(documents), limits.documents, "documents")
    yield from _size(images, limits.image_bytes, "an image")
    yield from _size(documents, limits.document_bytes, "a document")
    many = limits.many_images_pixels if len(images) > _FEW_IMAGES else None
    side = max((max(m.width or 0, m.height or 0) for m in images), default=0)
    if (most := many or limits.image_pixels) and side > most:
        beside = f" beside more than {_FEW_IMAGES - 1} others" if many else ""
        yield f"an image of {side} pixels a side{beside} (at most {most})"
    pages = sum(found.pages or 0 for found in documents)
    if limits.pages and pages > limits.pages:
        yield f"{pages} pages (at most {limits.pages})"
    if limits.document_types is not None:
        refused = {m.media_type for m in documents} - limits.document_types - {""}
        for name in sorted(refused):
            taken = ", ".join(sorted(DOCUMENT_TYPES[each] for each in limits.document_types))
            yield f"{DOCUMENT_TYPES[name]} documents (only {taken})"
    sent = sum(-(-found.size // 3) * 4 for found in (*images, *documents))
    if limits.request_bytes and sent > limits.request_bytes:
        yield f"files of {sent} bytes as base64 (at most {limits.request_bytes} a request)"


def _count(count: int, most: int | None, what: str) -> Iterator[str]:
    if most is not None and count > most:
        yield f"{count} {what} (at most {most})"


def _size(media: Sequence[Media], most: int | None, what: str) -> Iterator[str]:
    largest = max((found.size for found in media), default=0)
    if most is not None and largest > most:
        yield f"{what} of {largest} bytes (at most {most})"
