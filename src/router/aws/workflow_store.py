"""Rows of a workflow's steps, as the workflow's function reads them, and the run's own row."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from cost_calculator.clock import iso, now
from cost_calculator.rows import Row
from router.aws.answers_bucket import AnswerStore, answer_store
from router.aws.dynamodb import dynamodb
from router.aws.run_rows import RunRows
from router.aws.usage_table import UsageStore
from router.conversation.said import Said
from router.recording.answer_row import stored_answer
from router.recording.workflow_run import running_row
from router.workflows.run import Run


class WorkflowStore(UsageStore):
    """The ``usage`` table, and the bucket of large answers."""

    def __init__(self, client: object, table: str, answers: AnswerStore) -> None:
        super().__init__(client, table)  # type: ignore[arg-type]
        self._answers = answers
        self._runs = RunRows(self._client, self._table)

    def steps(self, keys: Iterable[str]) -> dict[str, Mapping[str, Row]]:
        """Return the rows of each key."""
        return {key: self.rows_of(key) for key in keys}

    def text_of(self, rows: Mapping[str, Mapping[str, Any]]) -> str | None:
        """Return a step's answer from its rows; ``None`` if its text is gone."""
        if address := rows["REQUEST"].get("output_s3"):
            body = self._answers.get(str(address))
            return None if body is None else Said.from_object(str(address), body).text
        said = stored_answer(rows)
        return None if said is None else said.text

    def text_at(self, address: str) -> str | None:
        """Return the text at an address of the bucket; ``None`` if it is gone."""
        return self._answers.get(address)

    def begin_run(self, run: Run, execution: Mapping[str, str], memory_mb: int) -> None:
        """Note that an execution of a run has begun, so that the sweep can miss its end."""
        at = iso(now())
        row = running_row(
            run.key,
            run.workflow,
            execution["arn"],
            at=at,
            lambda_mb=memory_mb,
            group=run.group,
        )
        self._runs.put(row)

    def end_run(self, row: Row) -> None:
        """Write the end of a run with its own costs, once: a repeat changes nothing."""
        self._runs.end_own(row)

    def put_embeddings(self, row: Row) -> None:
        """Put the row of what a run embedded, once: a repeat changes nothing."""
        self._runs.put(row)


def workflow_store() -> WorkflowStore:
    """Return the store of this function's environment."""
    return WorkflowStore(
        dynamodb(), os.environ["USAGE_TABLE"], answer_store(os.environ["ANSWERS_BUCKET"])
    )
