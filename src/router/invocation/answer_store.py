"""Where large answers and withheld drafts go: neither travels through the workflow."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from router.encoding import fits_a_state
from router.errors import AnswerNotStored
from router.invocation.call import Answer


class NotStored(Exception):
    """S3 did not take the answer; the message says what it said."""


class Store(Protocol):
    """Where large answers and drafts go.

    ``put`` and ``put_draft`` raise ``NotStored``, ``get`` raises ``StoreUnavailable``.
    """

    def put(self, request_id: str, text: str) -> str: ...

    def put_draft(self, request_id: str, text: str) -> str: ...

    def get(self, address: str) -> str | None: ...


def offload_if_large(answer: Answer, request_id: str, store: Store) -> Answer:
    """Return the answer as a workflow can carry it: itself, or its address.

    Raise ``AnswerNotStored``, with the usage that will be on the bill, where neither is possible.
    """
    if fits_a_state(answer.text):
        return answer
    try:
        address = store.put(request_id, answer.text)
    except NotStored as error:
        detail = f"{len(answer.text)} characters of answer were not stored: {error}"
        raise AnswerNotStored(detail, **answer.facts) from error
    return replace(answer, text="", output_s3=address)
