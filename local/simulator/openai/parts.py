"""The parts of a message's content: text, images, files."""

from __future__ import annotations

import base64
import binascii
import re

from local.simulator import media
from local.simulator.conversation import Document, Picture
from local.simulator.openai.refusals import invalid, invalid_value

_DATA = re.compile(r"data:(?P<type>[\w.+/-]*)(?:;[\w=-]+)*;base64,(?P<data>.*)", re.S)
_DETAILS = ("low", "high", "auto", "original")
_IMAGE_BYTES = 50 * 1024 * 1024


def picture(url: str, detail: str | None, at: str) -> Picture:
    """An image of a data URL; no other URL is fetched."""
    if detail not in (None, *_DETAILS):
        raise invalid_value(f"{at}.detail", detail, _DETAILS)
    found = _DATA.fullmatch(url)
    if not found:
        raise invalid(f"Failed to download image from {url[:100]}.", "url", "invalid_image_url")
    data = _bytes(found["data"], at)
    kind, size = media.image_format(data), media.image_size(data)
    if kind is None:
        raise invalid(
            "You uploaded an unsupported image. Please make sure your image has of one the "
            "following formats: ['png', 'jpeg', 'gif', 'webp'].",
            at,
            "invalid_image_format",
        )
    if size is None:
        raise invalid("The image data you provided is invalid.", at, "image_parse_error")
    if len(data) > _IMAGE_BYTES:
        raise invalid("The image is too large.", at, "image_file_too_large")
    return Picture(kind, data, *size, detail=detail or "auto")


def document(file_data: str | None, filename: str | None, at: str) -> Document:
    """A file that is in the request; none is stored."""
    if file_data is None:
        raise invalid("The simulator stores no files: send `file_data`.", f"{at}.file_id")
    found = _DATA.fullmatch(file_data)
    if not found or found["type"] != "application/pdf":
        got = f"unsupported MIME type '{found['type']}'" if found else "no data URL"
        raise invalid(
            "Invalid file data: 'file_data'. Expected a base64-encoded data URL with an "
            f"application/pdf MIME type (e.g. 'data:application/pdf;base64,...'), but got {got}.",
            f"{at}.file_data",
            "invalid_value",
        )
    data = _bytes(found["data"], at)
    pages = media.pdf_pages(data)
    if not pages:
        raise invalid("The file you provided is not a PDF that can be read.", at, "invalid_file")
    return Document("pdf", data, filename or "", pages=pages)


def _bytes(text: str, at: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("Invalid base64 data.", at, "invalid_base64_image") from error
