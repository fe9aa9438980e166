"""Brings a Knowledge Base in line with the bucket: starts a job of its data source, or follows one.
Pure, but for its port.

A source has one job at a time, and a job reads the whole bucket. So a run whose document was there
when another run's job began follows that job; one whose document came later waits and starts the
next. However many documents come at once, two jobs or three take them all in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from router.errors import RouterError

_FIRST_SECONDS, _MOST_SECONDS = 5, 60
_PATIENCE_SECONDS = 5_400
"""In all, of the two hours that a run may take."""
_UNDER_WAY = frozenset({"STARTING", "IN_PROGRESS"})
_SHOWN = 300


class IngestionFailed(RouterError):
    """The job did not take the bucket in, or does not end; the message is the job's reason."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job of the data source; ``failed`` is how many documents it could not take in."""

    id: str
    status: str
    started_at: str
    failed: int = 0
    reasons: tuple[str, ...] = ()


class Source(Protocol):
    """The data source of a Knowledge Base."""

    def start(self, token: str) -> Job | None:
        """Start a job, once for a token; return ``None`` while another is under way."""

    def job(self, job_id: str) -> Job: ...

    def latest(self) -> Job | None:
        """Return the job that was started last."""


@dataclass(frozen=True, slots=True)
class Ingestion:
    """What a run knows of it so far: which job it follows, and how long it has waited.

    ``since`` is when its document was there (ISO).
    """

    since: str
    job: str = ""
    looks: int = 0
    waited: int = 0
    wait_seconds: int = 0
    done: bool = False
    failed: int = 0

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Ingestion:
        """Read what ``to_json`` made."""
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def look(before: Ingestion, source: Source, token: str) -> Ingestion:
    """Start a job or look at it; say whether it is done, or how long to wait before the next look.

    Raise ``IngestionFailed`` if it has failed, or has taken too long.
    """
    job = source.job(before.job) if before.job else _begun(before.since, source, token)
    after = replace(before, job=job.id if job else "", looks=before.looks + 1, wait_seconds=0)
    if job and job.status == "COMPLETE":
        return replace(after, done=True, failed=job.failed)
    if job and job.status not in _UNDER_WAY:
        reason = "; ".join(job.reasons)[:_SHOWN] or "it gives no reason"
        raise IngestionFailed(f"the ingestion job {job.id} is {job.status}: {reason}")
    if before.waited >= _PATIENCE_SECONDS:
        whose = f"the ingestion job {job.id}" if job else "another ingestion job of the source"
        raise IngestionFailed(f"{whose} has not ended after {before.waited} s")
    seconds = min(_FIRST_SECONDS * 2**before.looks, _MOST_SECONDS)
    return replace(after, waited=before.waited + seconds, wait_seconds=seconds)


def transitions(looks: int) -> int:
    """Return the states of so many looks: the look, the choice after it, and a wait in between."""
    return 3 * looks - 1 if looks else 0


def _begun(since: str, source: Source, token: str) -> Job | None:
    if job := source.start(token):
        return job
    latest = source.latest()
    return latest if latest and latest.started_at >= since else None
