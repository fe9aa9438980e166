"""Checks an answer before its caller gets it: against the schema, and the review's bands.

What only a schema needs is imported for one: most calls have none, and a cold start is waited for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from router import errors
from router.conversation.size import sent_bytes as conversation_bytes
from router.invocation.answer_store import NotStored, Store
from router.invocation.call import Answer, ModelCall, Provider
from router.invocation.invoke import billed, complete_safely

if TYPE_CHECKING:
    from router.invocation.answer_schema import Fit


def complete_checked(call: ModelCall, provider: Provider, drafts: Store) -> Answer:
    """Make the call and return its answer if it may reach the caller.

    Raise ``InvalidAnswer``, ``BelowConfidence`` or ``ReviewRequired`` if it may not, with the usage
    that will be on the bill; the model's text is then stored as a draft.
    """
    if call.schema is not None:
        from router.invocation.schema_validator import check_schema

        check_schema(call.schema)
    answer = _answer(call, provider, drafts)
    try:
        return _passed(answer, call, drafts)
    except Exception as error:  # whatever it is: the call is on the bill
        raise billed(answer, error) from error


def _passed(answer: Answer, call: ModelCall, drafts: Store) -> Answer:
    if answer.calls:
        return answer  # not the last word: the schema and the reviewer are for that
    value = None
    if call.schema is not None:
        from router.invocation.answer_schema import validate

        found = validate(answer.text, call.schema)
        if found.problems:
            raise errors.InvalidAnswer(_said(found, answer), **_withheld(answer, call, drafts))
        answer, value = replace(answer, text=found.text), found.value
    if call.review is None:
        return answer
    confidence = call.review.confidence(value)
    match call.review.verdict(confidence):
        case "answer":
            return answer
        case "fail":
            detail = f"confidence {confidence:g} is below {call.review.fail_below:g}"
            raise errors.BelowConfidence(detail, **_withheld(answer, call, drafts))
    detail = "asked for" if confidence is None else f"confidence {confidence:g}"
    withheld = _withheld(answer, call, drafts)
    if withheld["draft_s3"] is None:
        del withheld["draft_s3"]
        raise errors.AnswerNotStored("the answer for the review was not stored", **withheld)
    raise errors.ReviewRequired(detail, truncated=answer.truncated, **withheld)


def _answer(call: ModelCall, provider: Provider, drafts: Store) -> Answer:
    draft = _draft(call, drafts)
    if draft is None:
        return complete_safely(call, provider)
    from router.intake.response_schema import sent_bytes as schema_bytes
    from router.invocation.answer_schema import repair_call

    repair = repair_call(call, draft)
    try:
        return complete_safely(repair, provider)
    except errors.CallError as error:
        # What it can have cost at most is counted by what was sent: the draft as well.
        error.input_bytes = conversation_bytes(repair.conversation) + schema_bytes(
            repair.schema or {}
        )
        raise


def _draft(call: ModelCall, drafts: Store) -> str | None:
    try:
        return drafts.get(call.draft_s3) if call.draft_s3 else None
    except errors.StoreUnavailable:
        return None  # asked again, the model may still answer


def _withheld(answer: Answer, call: ModelCall, drafts: Store) -> dict[str, Any]:
    facts = answer.facts
    try:
        return {**facts, "draft_s3": drafts.put_draft(call.request_id, answer.text)}
    except NotStored:
        # Without it there is nothing to repair or to look at; the call is on the bill nevertheless.
        return {**facts, "draft_s3": None}


def _said(found: Fit, answer: Answer) -> str:
    """Describe what is wrong without the answer's words: errors are logged."""
    cut = "cut off at the token limit; " if answer.truncated else ""
    shown = "; ".join(dict.fromkeys(problem.where for problem in found.problems[:5]))
    return f"{cut}{len(found.problems)} problems: {shown}"
