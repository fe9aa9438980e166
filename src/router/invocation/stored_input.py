"""Brings what a call sends to the call: payloads and files that did not travel with the workflow.

Pure but for the port that reads them.
"""

from __future__ import annotations

import json
from dataclasses import replace

from cost_calculator.row_keys import tenant_of
from router.conversation.blocks import Conversation
from router.errors import InvalidModelRequest, InvalidRequest, StoreUnavailable, Unreachable
from router.intake.stored_payload import Read
from router.intake.uploads import has_uploads, with_bytes
from router.invocation.call import ModelCall


def with_input(call: ModelCall, read: Read) -> ModelCall:
    """Return the call with its conversation; raise a ``CallError`` if that cannot be had.

    Nothing was sent then. S3 may answer the next time; what has expired does not come back.
    """
    try:
        conversation = _conversation(call, read)
        if has_uploads(conversation):
            conversation = with_bytes(conversation, tenant_of(call.request_id), read)
    except StoreUnavailable as error:
        raise Unreachable(f"S3: {error}") from error
    except InvalidRequest as error:
        raise InvalidModelRequest(f"a file is gone: {error}") from error
    return call if conversation is call.conversation else replace(call, conversation=conversation)


def _conversation(call: ModelCall, read: Read) -> Conversation:
    if call.payload_s3 is None:
        return call.conversation
    content = read(call.payload_s3)
    if content is None:
        raise InvalidModelRequest("the stored request is gone: send it again under a new id")
    # Only here: most calls bring what they send, and a cold start is waited for.
    from router.intake.request import conversation_of

    return conversation_of(json.loads(content))
