"""What Converse takes of images and documents: sizes, counts, names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from local.simulator import claude_media
from local.simulator.bedrock.refusals import invalid, returned
from local.simulator.conversation import Document, Picture, Text, Turn

_MOST_IMAGES, _IMAGE_BYTES = 20, 3_932_160  # 3.75 MB
_MOST_DOCUMENTS, _DOCUMENT_BYTES = 5, 4_718_592  # 4.5 MB
_NAME = re.compile(r"(?!.*\s\s)[A-Za-z0-9\s\-()\[\]]{1,200}")


def check(turns: Sequence[Turn]) -> None:
    """Refuse what is too large, too many, or named in a way that Converse does not take."""
    media = [each for turn in turns for each in turn.media]
    images = [each for each in media if isinstance(each, Picture)]
    documents = [each for each in media if isinstance(each, Document)]
    if len(images) > _MOST_IMAGES:
        raise invalid(f"You can't include more than {_MOST_IMAGES} images in a request.")
    if len(documents) > _MOST_DOCUMENTS:
        raise invalid(f"You can't include more than {_MOST_DOCUMENTS} documents in a request.")
    if any(len(image.data) > _IMAGE_BYTES for image in images):
        raise invalid("The size of an image exceeds the maximum of 3.75 MB.")
    if any(len(document.data) > _DOCUMENT_BYTES for document in documents):
        raise invalid("The size of a document exceeds the maximum of 4.5 MB.")
    _names([document.name for document in documents])
    for n, turn in enumerate(turns):
        own = [block for block in turn.blocks if isinstance(block, Document)]
        if own and not any(isinstance(block, Text) for block in turn.blocks):
            raise invalid(
                f"The Message object at messages.{n} includes a document without a text block. "
                "Add a text block to the content field and try again."
            )
    if found := claude_media.problem(media):
        raise returned(found)


def _names(names: Sequence[str]) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            raise invalid(
                "The document file name can only contain alphanumeric characters, whitespace "
                "characters, hyphens, parentheses, and square brackets. The name can't contain "
                "more than one consecutive whitespace character."
            )
    if len(set(names)) < len(names):
        raise invalid(
            "Messages can't contain duplicate document names. "
            "Rename the document and retry your request."
        )
