"""Files that a tenant uploaded, and that its requests name: ``uploads/<tenant>/<sha256>.<type>``.

The name is the digest of the content, so that a request which names a file has one meaning for
ever. What a file is follows from its bytes and its ending, never from a caller's word. Pure but for
the port that reads.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace

from router.conversation.blocks import Conversation
from router.conversation.files import with_media
from router.conversation.media import DOCUMENT_TYPES, IMAGE_TYPES, Media, media_of_bytes
from router.encoding import json_object
from router.errors import InvalidRequest
from router.intake.stored_payload import Read, path_of, uploads_folder

ENDINGS = {
    **DOCUMENT_TYPES,
    **{name: name.rpartition("/")[2] for name in IMAGE_TYPES},
    "application/json": "json",
}
"""The ending of each type of file; a JSON file is a whole request."""

SHA256 = re.compile(r"[0-9a-f]{64}")
_TYPES = {ending: name for name, ending in ENDINGS.items()} | {
    "jpg": "image/jpeg", "htm": "text/html", "markdown": "text/markdown",
}  # fmt: skip


def type_of_name(name: str) -> str:
    """Return the type that a file's ending says, an empty text if it says none."""
    return _TYPES.get(name.rpartition(".")[2].lower(), "")


def upload_path(tenant: str, sha256: str, media_type: str) -> str:
    """Return where a tenant's file is kept."""
    return f"{uploads_folder(tenant)}{sha256}.{ENDINGS[media_type]}"


def upload_of(tenant: str, name: str, content: bytes) -> tuple[str, str]:
    """Return where a file is to be kept, and its type; raise ``InvalidRequest`` for other files."""
    media_type = type_of_name(name)
    if media_type == "application/json":
        if not json_object(content):
            raise InvalidRequest(f"`{name}` must hold a request: a JSON object")
        return upload_path(tenant, hashlib.sha256(content).hexdigest(), media_type), media_type
    media = media_of_bytes(content, media_type, name)
    return upload_path(tenant, media.sha256, media.media_type), media.media_type


def has_uploads(conversation: Conversation) -> bool:
    """Return whether a conversation names files that are elsewhere."""
    return any(part.media.s3 for part in conversation.media)


def looked_at(conversation: Conversation, tenant: str, read: Read, most: int) -> Conversation:
    """Return the conversation with what its files are, as their bytes say, and without the bytes.

    Raise ``InvalidRequest`` for a file that is not its tenant's, or for more than ``most`` bytes.
    """
    total = 0

    def change(media: Media) -> Media:
        nonlocal total
        if media.s3 is None:
            total += media.size
            return media
        found = _read(media.s3, tenant, read)
        total += found.size
        if total > most:
            raise InvalidRequest(f"the files take over {most} bytes together: give fewer of them")
        return found.kept_at(media.s3)

    return with_media(conversation, change)


def with_bytes(conversation: Conversation, tenant: str, read: Read) -> Conversation:
    """Return the conversation with its files in it."""
    return with_media(conversation, _once(lambda address: _read(address, tenant, read)))


def _once(load: Callable[[str], Media]) -> Callable[[Media], Media]:
    loaded: dict[str, Media] = {}

    def change(media: Media) -> Media:
        if media.s3 is None:
            return media
        if media.s3 not in loaded:
            loaded[media.s3] = load(media.s3)
        return loaded[media.s3]

    return change


def _read(address: str, tenant: str, read: Read) -> Media:
    path, folder = path_of(address), uploads_folder(tenant)
    digest, _, _ending = path.removeprefix(folder).partition(".")
    # One answer to all of these: nobody learns what another tenant has.
    is_own = path.startswith(folder) and SHA256.fullmatch(digest)
    content = read(address) if is_own else None
    if content is None or hashlib.sha256(content).hexdigest() != digest:
        raise InvalidRequest(
            "an s3:// address must be one that `faregate upload` or POST /v1/uploads gave: there is"
            " no such upload of yours"
        )
    return replace(media_of_bytes(content, type_of_name(path), "the upload"), s3=None)
