"""What one sum is about: a day, and who asked which model in which tier; or a session. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from cost_calculator.settlement import Row

NOBODY = "none"
SESSIONS = "#sessions"


class Parts(NamedTuple):
    """What a cell is about."""

    day: str
    tenant: str
    model: str
    tier: str
    workflow: str
    session: str = NOBODY


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """What one sum is about: the UTC ``day``, and as ``cell`` ``tenant#model#tier``; for the steps
    of a workflow ``tenant#model#tier@workflow``.

    What counts for a session counts once more, in a cell ``tenant#session#model`` of the ``day``
    with ``#sessions`` behind it: there may be many, and readers of the day do not meet them.

    It is kept in several slots, of which each writer uses one: those who write at the same time do
    not meet.
    """

    day: str
    cell: str

    @classmethod
    def of(cls, row: Row) -> Cell:
        """Return the cell a row counts in, by the UTC day it ended."""
        day = datetime.fromisoformat(row["ended_at"]).astimezone(UTC).date().isoformat()
        model = row.get("model") or NOBODY
        tier = f"{row['tier']}@{row['workflow']}" if "workflow" in row else row["tier"]
        return cls(day, f"{row['tenant']}#{model}#{tier}")

    @classmethod
    def all_of(cls, row: Row) -> tuple[Cell, ...]:
        """Return the cells a row counts in: its day's, and its session's."""
        counted = cls.of(row)
        if "session_id" not in row:
            return (counted,)
        model = row.get("model") or NOBODY
        name = f"{row['tenant']}#{row['session_id']}#{model}"
        return counted, cls(f"{counted.day}{SESSIONS}", name)

    @property
    def parts(self) -> Parts:
        day = self.day.partition("#")[0]
        if SESSIONS in self.day:
            tenant, session, model = self.cell.split("#", 2)
            return Parts(day, tenant, model, NOBODY, NOBODY, session)
        tenant, model, tier = self.cell.rsplit("#", 2)
        tier, _, workflow = tier.partition("@")  # no tier has an @ in its name
        return Parts(day, tenant, model, tier, workflow or NOBODY)
