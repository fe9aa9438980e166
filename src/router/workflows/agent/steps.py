"""What became of each step, from its rows and from what the states reported. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cost_calculator.settlement import Row
from router.acceptance.reopen import next_run
from router.workflows.agent.progress import Progress
from router.workflows.agent.requests import Ask
from router.workflows.run import Run, answer_problem

RowsOf = Callable[[str], Mapping[str, Row]]
TextOf = Callable[[Mapping[str, Row]], str | None]

# Asked again, these give the same answer.
_FINAL = frozenset(
    {"InvalidRequest", "PolicyDenied", "Conflict", "BudgetExceeded", "ToolResultTooLarge"}
)


@dataclass(frozen=True, slots=True)
class Look:
    """A step as it is now: answered by ``text``, failed by ``problem``, or to be sent: ``work``."""

    ask: Ask
    text: str | None = None
    problem: Mapping[str, str] | None = None
    work: Mapping[str, Any] | None = None


class Steps:
    """The steps of a run. Each is read once in a decision; ``rows`` keeps what was read."""

    def __init__(self, run: Run, progress: Progress, rows_of: RowsOf, text_of: TextOf) -> None:
        self._run, self._progress = run, progress
        self._rows_of, self._text_of = rows_of, text_of
        self.rows: dict[str, Mapping[str, Row]] = {}

    def look(self, ask: Ask) -> Look:
        """Return what became of a step."""
        if ask.function_arn is not None:
            text = self._progress.results.get(ask.step)
            return self._unanswered(ask, {}) if text is None else Look(ask, text)
        key = self._run.step_key(ask.step)
        rows = self.rows[key] = self._rows_of(key)
        if "REQUEST" not in rows or answer_problem(rows, {}):
            return self._unanswered(ask, rows)
        text = self._text_of(rows)
        if text is None:
            return Look(ask, problem={"error": "TextExpired", "cause": "its text is gone"})
        return Look(ask, text)

    def rows_of(self, ask: Ask) -> Mapping[str, Row]:
        """Return the rows of a step that was looked at."""
        return self.rows[self._run.step_key(ask.step)]

    def _unanswered(self, ask: Ask, rows: Mapping[str, Row]) -> Look:
        times = self._progress.times.get(ask.step, 0)
        problem = self._problem(ask, rows) if times else None
        if problem and (times > ask.retries or problem["error"] in _FINAL):
            return Look(ask, problem=problem)
        rerun = next_run(dict(rows["REQUEST"])) if "REQUEST" in rows else None
        return Look(ask, work=ask.work(self._run, rerun))

    def _problem(self, ask: Ask, rows: Mapping[str, Row]) -> Mapping[str, str]:
        reported = self._progress.failed.get(ask.step, {})
        cause = rows.get("REQUEST", {}).get("cause")
        known = {"error": str(cause)} if cause else {}
        return {"error": "Unknown", "cause": "it ended without an answer", **reported, **known}
