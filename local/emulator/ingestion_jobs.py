"""When ingestion jobs of a Knowledge Base's data source begin and end. Pure.

AWS runs one job at a time for a source, and answers a start under a known token with the job that
it has begun. What a job reads is its caller's matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

RUNNING = "IN_PROGRESS"


class Ongoing(Exception):
    """Another job of the source is under way."""


@dataclass(slots=True)
class _Job:
    source: str
    job_id: str
    ends_at: float
    ending: str


class IngestionJobs:
    """The jobs of all data sources; each takes ``seconds`` of the time that ``now`` tells."""

    def __init__(self, now: Callable[[], float], seconds: float) -> None:
        self._now = now
        self._seconds = seconds
        self._jobs: dict[str, _Job] = {}
        self._by_token: dict[tuple[str, str], str] = {}

    def known(self, source: str, token: str) -> str | None:
        """Return the job that was begun under a token."""
        return self._by_token.get((source, token))

    def check_free(self, source: str) -> None:
        """Raise ``Ongoing`` if the source has a job that has not ended."""
        if any(each.source == source and self._runs(each) for each in self._jobs.values()):
            raise Ongoing("There is already an ongoing ingestion job for this data source.")

    def begin(self, source: str, job_id: str, ending: str, token: str | None) -> None:
        """Note that a job has begun, and the status that it will end with."""
        self._jobs[job_id] = _Job(source, job_id, self._now() + self._seconds, ending)
        if token:
            self._by_token[source, token] = job_id

    def status(self, job_id: str, otherwise: str) -> str:
        """Return a job's status at this moment; ``otherwise`` if it is not known here."""
        job = self._jobs.get(job_id)
        if job is None:
            return otherwise
        return RUNNING if self._runs(job) else job.ending

    def _runs(self, job: _Job) -> bool:
        return self._now() < job.ends_at
