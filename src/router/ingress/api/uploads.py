"""``POST /v1/uploads``: where a tenant may put one file of its own, for a few minutes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from router.errors import InvalidRequest
from router.ingress.api.errors import ApiError
from router.ingress.protocols.bodies import check
from router.intake.uploads import ENDINGS, upload_path

EXPIRES_SECONDS = 300
_SCHEMA = Path(__file__).with_name("upload.schema.json")


class Sign(Protocol):
    """Signs a PUT of exactly one content: its address, and the URL and headers to send it with."""

    def __call__(
        self, path: str, media_type: str, sha256: str, size: int, seconds: int
    ) -> tuple[str, str, Mapping[str, str]]: ...


def offered(given: Any, tenant: str, most: int, sign: Sign) -> dict[str, Any]:
    """Return where to put a file, and its address for requests; raise what is wrong with it."""
    check(given, _SCHEMA)
    if (media_type := given["media_type"]) not in ENDINGS:
        raise InvalidRequest(f"`media_type` must be one of {', '.join(sorted(ENDINGS))}")
    if (size := int(given["size"])) > most:
        raise ApiError("RequestTooLarge", f"the file takes {size} bytes and may take {most}")
    path = upload_path(tenant, given["sha256"], media_type)
    address, url, headers = sign(path, media_type, given["sha256"], size, EXPIRES_SECONDS)
    return {
        "s3": address,
        "method": "PUT",
        "url": url,
        "headers": dict(headers),
        "expires_in": EXPIRES_SECONDS,
    }
