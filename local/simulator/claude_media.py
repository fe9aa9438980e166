"""What Claude refuses of images and documents, by either of the two ways to it."""

from __future__ import annotations

from collections.abc import Sequence

from local.simulator.conversation import Document, Picture
from local.simulator.media import image_format, image_size, pdf_pages

_LONGEST, _LONGEST_OF_MANY, _MANY = 8000, 2000, 20
MOST_PAGES = 600


def problem(media: Sequence[Picture | Document]) -> str | None:
    """What is wrong with the images and documents of a request, in Claude's words."""
    images = [each for each in media if isinstance(each, Picture)]
    pdfs = [each for each in media if isinstance(each, Document) and each.format == "pdf"]
    for image in images:
        if found := _unseen(image) or _too_large(image, len(images)):
            return found
    if any(not pdf_pages(pdf.data) for pdf in pdfs):
        return "document: The PDF specified was not valid."
    if sum(pdf.pages for pdf in pdfs) > MOST_PAGES:
        return f"A maximum of {MOST_PAGES} PDF pages may be provided."
    return None


def _unseen(image: Picture) -> str | None:
    found = image_format(image.data)
    if found is None or image_size(image.data) is None:
        return "image: Could not process image"
    if found != image.format:
        return (
            f"image: The image was specified using the image/{image.format} media type, but the "
            f"image appears to be a image/{found} image"
        )
    return None


def _too_large(image: Picture, count: int) -> str | None:
    longest = max(image.width, image.height)
    start = "At least one of the image dimensions exceed max allowed size"
    if longest > _LONGEST:
        return f"{start}: {_LONGEST} pixels"
    if count > _MANY and longest > _LONGEST_OF_MANY:
        return f"{start} for many-image requests: {_LONGEST_OF_MANY} pixels"
    return None
