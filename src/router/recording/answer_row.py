"""The ANSWER row: what a model has answered, beside the prompt and not in its row. Pure.

An update is paid by the size of the whole row: an answer added to its prompt would pay for the
prompt a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cost_calculator.rows import SCHEMA, Row
from router.conversation.said import Said
from router.recording.facts import RequestFacts

ANSWER = "ANSWER"


def answer_row(facts: RequestFacts, said: Said) -> Row:
    """Return the row that keeps an answer for as long as its prompt."""
    row: Row = {
        "request_id": facts.request_id,
        "item": ANSWER,
        "schema": SCHEMA,
        "tenant": facts.tenant,
        **said.to_row(),
    }
    return row | ({"expires_at": facts.expires_at} if facts.expires_at is not None else {})


def stored_answer(rows: Mapping[str, Mapping[str, Any]]) -> Said | None:
    """Return the answer among a request's rows by their ``item`` key, ``None`` if none is stored.

    Earlier versions kept it in the CONTENT row.
    """
    return Said.from_row(rows.get(ANSWER, {})) or Said.from_row(rows.get("CONTENT", {}))
