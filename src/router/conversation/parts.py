"""Reads the parts of a turn's content: texts, pictures, documents. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from router.conversation.blocks import Document, Image, Text
from router.conversation.media import media_of_url
from router.encoding import clean
from router.errors import InvalidRequest

_PARTS = {
    "user": ("text", "image_url", "file"),
    "tool": ("text", "image_url", "file"),
    "assistant": ("text", "refusal"),
    "system": ("text",),
}


def read_parts(content: Any, where: str, role: str) -> Iterator[Text | Image | Document]:
    """Yield the blocks of a content; raise ``InvalidRequest`` for a part that has no place."""
    if isinstance(content, str):
        if content.strip():
            yield Text(clean(content))
        return
    if not isinstance(content, list):
        raise InvalidRequest(f"`{where}` must be a text, or a list of parts")
    for index, part in enumerate(content):
        yield from _part(part, f"{where}[{index}]", role)


def _part(part: Any, where: str, role: str) -> Iterator[Text | Image | Document]:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if kind not in _PARTS[role]:
        known = " or ".join(_PARTS[role])
        raise InvalidRequest(
            f"`{where}` must be a part of type {known} in a turn of role {role}: other kinds,"
            " audio and video for two, are not routed"
        )
    cache = read_cache(part.get("cache_control"), f"{where}.cache_control")
    match part:
        case {"type": "text", "text": str(text)} | {"type": "refusal", "refusal": str(text)}:
            if text.strip():
                yield Text(clean(text), cache)
        case {"type": "image_url", "image_url": {"url": str(url)}}:
            yield _image(url, part["image_url"], f"{where}.image_url", cache)
        case {"type": "file", "file": {"file_data": str(url)}}:
            yield _file(url, part["file"], f"{where}.file", cache)
        case {"type": "file"}:
            raise InvalidRequest(
                f"`{where}.file` must hold `file_data`: a provider's own files (`file_id`) are not"
                " known here"
            )
        case _:
            raise InvalidRequest(f"`{where}.{kind}` does not fit a part of type {kind}")


def _image(url: str, given: Mapping[str, Any], where: str, cache: str | None) -> Image:
    media = media_of_url(url, f"{where}.url", given)
    if media.media_type and not media.is_image:
        raise InvalidRequest(
            f"`{where}.url` is {media.media_type}: give a document as a part of type file"
        )
    detail = given.get("detail")
    if detail not in (None, "auto", "low", "high", "original"):
        raise InvalidRequest(f"`{where}.detail` must be auto, low, high or original")
    return Image(media, None if detail == "auto" else detail, cache)


def _file(url: str, given: Mapping[str, Any], where: str, cache: str | None) -> Image | Document:
    media, name = media_of_url(url, f"{where}.file_data", given), given.get("filename")
    if media.is_image:
        return Image(media, None, cache)
    return Document(media, clean(name) if isinstance(name, str) and name else None, cache)


def read_cache(value: Any, where: str) -> str | None:
    """Return for how long a cache mark asks a prompt to be kept, ``None`` without a mark."""
    match value:
        case None:
            return None
        case {"type": "ephemeral"} if value.get("ttl", "5m") in ("5m", "1h"):
            return str(value.get("ttl", "5m"))
    raise InvalidRequest(f'`{where}` must be {{"type": "ephemeral"}}, with `ttl` 5m or 1h or none')
