"""Which session a request of a protocol belongs to, by what its client says. Pure.

In this order: the header ``x-faregate-session``, ``metadata.session_id``, the session in Claude
Code's ``metadata.user_id``, ``prompt_cache_key``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from router.encoding import json_object, mapping_of
from router.intake.session import as_session_id

# `user_<hash>_account_<uuid>_session_<uuid>`; later versions write a JSON object.
_CLAUDE_CODE = re.compile(r"user_[0-9a-f]+_account_[0-9a-f-]*_session_([0-9A-Za-z-]{1,64})")


def session_in(body: Mapping[str, Any], header: str | None) -> str | None:
    """Return the id of the session, ``None`` if nothing names one."""
    return next(filter(None, map(as_session_id, _named(body, header))), None)


def _named(body: Mapping[str, Any], header: str | None) -> Iterator[str]:
    metadata = mapping_of(body.get("metadata"))
    named = (
        header,
        metadata.get("session_id"),
        _of_claude_code(metadata.get("user_id")),
        body.get("prompt_cache_key"),
    )
    yield from (name.strip() for name in named if isinstance(name, str))


def _of_claude_code(user_id: Any) -> Any:
    if not isinstance(user_id, str):
        return None
    if found := _CLAUDE_CODE.fullmatch(user_id):
        return found[1]
    return json_object(user_id).get("session_id") if user_id.startswith("{") else None
