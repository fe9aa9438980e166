"""Counts the embeddings of one invocation, and puts the row of what they cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType

from cost_calculator.clock import iso, now
from router.aws.embeddings import Embedded
from router.aws.workflow_store import WorkflowStore
from router.recording.embedding_row import embedding_row
from router.workflows.run import Run


@dataclass(slots=True)
class EmbeddingLedger:
    """As a context: what was paid within it is a row at its end, whatever became of the rest."""

    store: WorkflowStore
    run: Run
    invocation: str
    _paid: list[Embedded] = field(default_factory=list)
    _started_at: str = ""

    def __enter__(self) -> EmbeddingLedger:
        self._started_at = iso(now())
        return self

    def paid(self, embedded: Embedded) -> None:
        """Count a call that was answered."""
        self._paid.append(embedded)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._paid:
            return
        row = embedding_row(
            self.run.key,
            self.run.workflow,
            self.invocation,
            model=self._paid[0].model,
            calls=len(self._paid),
            tokens=sum(each.tokens for each in self._paid),
            started_at=self._started_at,
            ended_at=iso(now()),
        )
        self.store.put_embeddings(row)
