"""Pictures and documents: what they are, by their own bytes. Pure.

A caller's word for a type is checked against the bytes, and sizes are read from them: limits and
token estimates depend on both.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from router.conversation.pixels import pixels_of
from router.errors import InvalidRequest

IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
DOCUMENT_TYPES = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
_DATA = re.compile(
    r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?:;[\w-]+=[^;,]*)*(?P<base64>;base64)?,", re.I
)
_OBJECT = re.compile(r"s3://[a-z0-9.-]{3,63}/[^\s\x00-\x1f]{1,1024}")
_NUMBERS = ("size", "width", "height", "pages")
_FACTS = ("media_type", "sha256", *_NUMBERS)
_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")


@dataclass(frozen=True, slots=True)
class Media:
    """A file: its type, its digest and size, and where its bytes are.

    ``data`` is base64; an object of the deployment's own bucket has an ``s3`` address instead.
    ``width`` and ``height`` are pixels of a picture, ``pages`` those of a PDF as far as its bytes
    show them.
    """

    media_type: str
    sha256: str
    size: int
    data: str | None = None
    s3: str | None = None
    width: int | None = None
    height: int | None = None
    pages: int | None = None

    @property
    def is_image(self) -> bool:
        """Whether it is a picture."""
        return self.media_type in IMAGE_TYPES

    @property
    def base64(self) -> str:
        """The file itself as base64; it must be here."""
        if self.data is None:
            raise ValueError("the bytes of this file are elsewhere")
        return self.data

    @property
    def bytes(self) -> bytes:
        """The file itself, which must be here."""
        return base64.b64decode(self.base64)

    @property
    def facts(self) -> dict[str, Any]:
        """What is known of a stored file without its bytes."""
        facts = {name: getattr(self, name) for name in _FACTS}
        return {name: value for name, value in facts.items() if value}

    @property
    def data_url(self) -> str:
        """The file as a ``data:`` URL."""
        return f"data:{self.media_type};base64,{self.base64}"

    def kept_at(self, s3: str) -> Media:
        """Return the file as it is known after its bytes were stored."""
        return replace(self, data=None, s3=s3)


def media_of_url(url: str, where: str, known: Mapping[str, Any]) -> Media:
    """Return the file in a ``data:`` URL, or the one at an ``s3://`` address.

    The facts of a stored file are among ``known`` once it was looked at, see ``facts``. Raise
    ``InvalidRequest`` for any other address: nothing is fetched for a caller.
    """
    if _OBJECT.fullmatch(url):
        return _stored(url, known)
    found = _DATA.match(url[:300])
    if found is None:
        raise InvalidRequest(
            f"`{where}` must be a data: URL (data:image/png;base64,…) or an s3:// object that was"
            " uploaded to this deployment: other addresses are not fetched"
        )
    if not found["base64"]:
        raise InvalidRequest(f"`{where}` must hold base64: data:<type>;base64,…")
    return media_of_base64(url[found.end() :], (found["type"] or "").lower(), where)


def _stored(url: str, known: Mapping[str, Any]) -> Media:
    numbers = {name: known[name] for name in _NUMBERS if isinstance(known.get(name), int)}
    return Media(
        media_type=str(known.get("media_type") or ""),
        sha256=str(known.get("sha256") or ""),
        **{"size": 0, **numbers},
        s3=url,
    )


def media_of_base64(data: str, media_type: str, where: str) -> Media:
    """Return the file in a base64 text; raise ``InvalidRequest`` for what is none."""
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest(f"`{where}` is not base64") from error
    return media_of_bytes(content, media_type, where)


def media_of_bytes(content: bytes, media_type: str, where: str) -> Media:
    """Return the file with these bytes; they decide its type where they show one."""
    if not content:
        raise InvalidRequest(f"`{where}` holds an empty file")
    shown = _type_of(content)
    media_type = "image/jpeg" if media_type == "image/jpg" else media_type
    if shown is not None and shown != media_type:
        if media_type and media_type != "application/octet-stream":
            raise InvalidRequest(f"`{where}` says {media_type} and is {shown}")
        media_type = shown
    if shown is None and media_type in IMAGE_TYPES | {"application/pdf"}:
        raise InvalidRequest(f"`{where}` says {media_type} and is not")
    if media_type not in IMAGE_TYPES and media_type not in DOCUMENT_TYPES:
        known = ", ".join(sorted(t.rpartition("/")[2] for t in IMAGE_TYPES))
        raise InvalidRequest(
            f"`{where}` is of type {media_type or 'unknown'}: give a picture ({known}) or a"
            f" document ({', '.join(sorted(DOCUMENT_TYPES.values()))})"
        )
    width, height = pixels_of(content, media_type) if media_type in IMAGE_TYPES else (None, None)
    return Media(
        media_type=media_type,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        data=base64.b64encode(content).decode(),
        width=width,
        height=height,
        pages=_pages(content) if media_type == "application/pdf" else None,
    )


def _type_of(content: bytes) -> str | None:
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return "application/pdf" if b"%PDF-" in content[:1024] else None


def _pages(content: bytes) -> int | None:
    """Count the pages of a PDF; ``None`` if they are inside compressed objects."""
    return len(_PAGE.findall(content)) or None
