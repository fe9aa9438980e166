"""Parses an execution's input into a request that the rest of the code can trust."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from cost_calculator.row_keys import DEFAULT_TENANT, key_of
from router.conversation.blocks import Conversation
from router.conversation.size import sent_bytes as conversation_bytes
from router.conversation.tools import read_conversation
from router.encoding import MAX_DEPTH, cleaned_json, is_deeper, size_in_bytes, unsendable
from router.errors import InvalidRequest
from router.intake.call_options import CallOptions
from router.intake.identity import ABOUT_THE_RUN, Identity, is_request_id, payload_hash
from router.intake.json_schema import problems
from router.intake.response_schema import check_response_schema, sent_bytes
from router.intake.session import Session, session_of
from router.intake.workflow_step import WorkflowStep, workflow_step
from router.review.bands import AskedReview, asked_review

_SHOWN_PROBLEMS = 5
_TEXT = frozenset({"input", "messages", "system"})
# What holds the caller's words beside its text: cleaned with it.
_SPOKEN = _TEXT | {"tools", "tool_choice"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request as accepted: clean text, known fields.

    ``conversation`` is what a model is shown, ``messages`` and ``system`` are its text in OpenAI's
    chat shape, as they came. ``payload_hash`` is the SHA-256 of everything that decides the answer,
    so that another payload under the same id is noticed. ``input_bytes`` counts what is sent as
    UTF-8 JSON, schema and tools included, and a file by its tokens. ``tier`` is a name that the
    tenant's rules must know. ``options`` go with every model call; ``given`` are the decisive
    fields beside the text, as they came. ``rerun``, the number of the run that a failed request
    asks for, is not one. A payload too large for the workflow is kept at ``payload_s3``. What has
    come as ``messages``, be it one, may go on: it ``is_conversation``.
    """

    request_id: str
    tenant: str
    conversation: Conversation
    messages: tuple[Mapping[str, Any], ...]
    system: Any
    tier: str | None
    payload_hash: str
    input_bytes: int
    text_altered: bool
    rerun: int | None = None
    options: CallOptions = field(default_factory=CallOptions)
    given: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    review: AskedReview | None = None
    cache: bool | None = None
    payload_s3: str | None = None
    unsupported: str | None = None
    step: WorkflowStep | None = None
    is_conversation: bool = False
    session: Session | None = None

    @property
    def key(self) -> str:
        """The key of its rows."""
        return key_of(self.tenant, self.request_id)

    @property
    def schema_bytes(self) -> int:
        """What its schema adds to what is sent; it has a limit of its own."""
        schema = self.options.response_schema
        return sent_bytes(schema) if schema is not None else 0

    @property
    def identity(self) -> Identity:
        """Its tenant and id."""
        return Identity(self.tenant, self.request_id, self.payload_hash)


def parse_request(
    payload: Any, *, execution_name: str, input_bytes_limit: int, payload_s3: str | None = None
) -> Request:
    """Return the request in ``payload``, or raise ``InvalidRequest`` that explains what to write.

    Without a ``request_id`` the execution's name is the id. ``payload_s3`` is where the payload is
    kept, if it is too large for the workflow.
    """
    if is_deeper(payload, MAX_DEPTH):
        raise InvalidRequest(f"the request is nested more than {MAX_DEPTH} levels deep: flatten it")
    found = list(problems(payload, _schema()))
    if not found and ("input" in payload) == ("messages" in payload):
        found = ["the request must have either `input` (a string) or `messages` (a list)"]
    if not found:
        # Text is cleaned, and marked as altered. Fields that are stored unchanged have no such
        # mark.
        found = [
            problem
            for name in payload.keys() - _SPOKEN
            for problem in unsendable(payload[name], name)
        ]
    if found:
        raise InvalidRequest("; ".join(found[:_SHOWN_PROBLEMS]))

    messages, system = cleaned_json(_messages(payload)), cleaned_json(payload.get("system"))
    conversation = _conversation(payload, messages, system)
    metadata = payload.get("metadata", {})
    size = conversation_bytes(conversation)
    if (taken := size + taken_by(metadata)) > input_bytes_limit:
        raise InvalidRequest(too_large(taken, input_bytes_limit))
    schema = payload.get("response_schema")
    if schema is not None:
        check_response_schema(schema)
        size += sent_bytes(schema)
    request_id = payload.get("request_id", execution_name)
    if not is_request_id(request_id):
        raise InvalidRequest(
            "the execution's name cannot serve as the id: give a `request_id` that matches"
            " ^[0-9A-Za-z_-]{1,80}$"
        )
    tenant = payload.get("tenant", DEFAULT_TENANT)
    return Request(
        request_id=request_id,
        tenant=tenant,
        conversation=conversation,
        messages=tuple(messages),
        system=system,
        tier=payload.get("tier"),
        payload_hash=payload_hash(payload),
        input_bytes=size,
        text_altered=messages != _messages(payload) or system != payload.get("system"),
        rerun=int(payload["rerun"]) if "rerun" in payload else None,
        options=CallOptions.from_json(payload),
        given={n: v for n, v in payload.items() if n not in _TEXT | ABOUT_THE_RUN},
        metadata=metadata,
        review=asked_review(payload.get("review"), schema),
        cache=payload.get("cache"),
        payload_s3=payload_s3,
        unsupported=payload.get("unsupported_options"),
        step=workflow_step(payload, tenant),
        is_conversation="messages" in payload,
        session=session_of(payload, tenant),
    )


def conversation_of(payload: Mapping[str, Any]) -> Conversation:
    """Return the conversation of a payload that was parsed before."""
    return _conversation(
        payload, cleaned_json(_messages(payload)), cleaned_json(payload.get("system"))
    )


def _conversation(payload: Mapping[str, Any], messages: Any, system: Any) -> Conversation:
    return read_conversation({**payload, "messages": messages, "system": system})


def with_conversation(request: Request, conversation: Conversation, limit: int) -> Request:
    """Return the request with what is now known of its files, which count against its limit."""
    more = conversation_bytes(conversation) - conversation_bytes(request.conversation)
    size = request.input_bytes + more
    if (taken := size + taken_by(request.metadata)) > limit + request.schema_bytes:
        raise InvalidRequest(too_large(taken - request.schema_bytes, limit))
    return replace(request, conversation=conversation, input_bytes=size)


def taken_by(metadata: Mapping[str, str]) -> int:
    """Return the bytes of metadata that count against the limit, names included."""
    return size_in_bytes(metadata) if metadata else 0


def too_large(taken: int, limit: int) -> str:
    """Return the message for a request over the limit."""
    return (
        f"the text takes {taken} bytes and may take {limit}: shorten it, or split it"
        " (metadata counts)"
    )


def _messages(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    if "input" in payload:
        return [{"role": "user", "content": payload["input"]}]
    return list(payload["messages"])


@lru_cache(maxsize=1)
def _schema() -> Mapping[str, Any]:
    text = Path(__file__).with_name("request.schema.json").read_text(encoding="utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema
