"""Which pages in a browser may read an answer of the HTTP api; the gateway answers preflights."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aws_lambda_powertools.event_handler.api_gateway import CORSConfig


class Cors(CORSConfig):
    """Powertools' headers, and ``Vary`` on every response if each origin gets its own.

    A cache must not give one origin the response for another, nor one that names no origin.
    """

    def __init__(
        self, allow_origins: Sequence[str], expose_headers: list[str], allow_credentials: bool
    ) -> None:
        first, *others = allow_origins
        super().__init__(
            first, others, expose_headers=expose_headers, allow_credentials=allow_credentials
        )
        self._vary = {"Vary": "Origin"} if others else {}

    @classmethod
    def from_json(cls, text: str) -> Cors | None:
        """Parse the module's JSON ``{"allow_origins", "expose_headers", "allow_credentials"}``."""
        given = json.loads(text)
        return None if given is None else cls(**given)

    def allowed_origin(self, extracted_origin: str) -> str | None:
        """Return the origin to name; "" for none, so that ``Vary`` is set nevertheless."""
        return super().allowed_origin(extracted_origin) or ""

    def to_dict(self, origin: str | None) -> dict[str, str]:
        """Return the headers of an answer to this origin."""
        return super().to_dict(origin) | self._vary
