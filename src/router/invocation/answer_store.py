"""Storage of large answers and withheld drafts, which do not travel through the workflow."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from router.conversation.said import Said
from router.encoding import fits_a_state
from router.errors import AnswerNotStored
from router.invocation.call import Answer


class NotStored(Exception):
    """S3 did not accept the answer; the message is S3's error."""


class Store(Protocol):
    """The store of large answers and drafts.

    ``put`` and ``put_draft`` raise ``NotStored``, ``get`` raises ``StoreUnavailable``.
    """

    def put(self, request_id: str, said: Said) -> str: ...

    def put_draft(self, request_id: str, text: str) -> str: ...

    def get(self, address: str) -> str | None: ...


def offload_if_large(answer: Answer, request_id: str, store: Store) -> Answer:
    """Return the answer as a workflow can carry it: itself, or its address.

    Raise ``AnswerNotStored``, with the usage that will be on the bill, if neither is possible.
    """
    body, _ = answer.said.to_object()
    if fits_a_state(body):
        return answer
    try:
        address = store.put(request_id, answer.said)
    except NotStored as error:
        detail = f"{len(body)} characters of answer were not stored: {error}"
        raise AnswerNotStored(detail, **answer.facts) from error
    return replace(answer.saying(Said()), output_s3=address)
