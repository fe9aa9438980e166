"""Brings what a call sends to the call: payloads and files that did not travel with the workflow.

Pure but for the port that reads them.
"""

from __future__ import annotations

import json
from dataclasses import replace

from router.errors import InvalidModelRequest, StoreUnavailable, Unreachable
from router.intake.request import conversation_of
from router.intake.stored_payload import Read
from router.invocation.call import ModelCall


def with_input(call: ModelCall, read: Read) -> ModelCall:
    """Return the call with its conversation; raise a ``CallError`` if that cannot be had.

    Nothing was sent then. S3 may answer the next time; what has expired does not come back.
    """
    if call.payload_s3 is None:
        return call
    try:
        content = read(call.payload_s3)
    except StoreUnavailable as error:
        raise Unreachable(f"S3: {error}") from error
    if content is None:
        raise InvalidModelRequest("the stored request is gone: send it again under a new id")
    return replace(call, conversation=conversation_of(json.loads(content)))
