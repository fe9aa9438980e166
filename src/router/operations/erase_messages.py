"""Which messages of a dead-letter queue hold the text of requests that are erased. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from cost_calculator.row_keys import DEFAULT_TENANT
from router.encoding import json_object


class Letters(Protocol):
    """A queue as an eraser sees it: each message once, under a receipt; the others come back."""

    def receive_all(self) -> Iterable[tuple[str, str]]: ...

    def delete(self, receipt: str) -> None: ...


def erase_letters(
    letters: Letters, tenant: str, request_id: str | None, *, rehearsal: bool = False
) -> int:
    """Delete a tenant's dead letters, or those of one request; return how many there were.

    A message that is no JSON object has no tenant: it is left, and ``BEYOND_REACH`` says so.
    """
    hit = 0
    for body, receipt in letters.receive_all():
        payload = json_object(body)
        if not payload or payload.get("tenant", DEFAULT_TENANT) != tenant:
            continue
        if request_id is not None and payload.get("request_id") != request_id:
            continue
        hit += 1
        if not rehearsal:
            letters.delete(receipt)
    return hit
