"""A Knowledge Base is brought in line by one job at a time, which many documents may share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from router.aws.ingestion_jobs import IngestionJobs
from router.workflows.documents.ingestion import (
    Ingestion,
    IngestionFailed,
    Job,
    look,
    transitions,
)
from router.workflows.rag.retrieval import RetrieverFailed, RetrieverUnavailable

SINCE, BEFORE, AFTER = (f"2026-11-21T10:0{minute}:00.000Z" for minute in (5, 4, 6))


@dataclass
class Source:
    """A data source: its jobs, and whether another one is under way."""

    jobs: list[Job] = field(default_factory=list)
    is_busy: bool = False
    tokens: list[str] = field(default_factory=list)

    def start(self, token: str) -> Job | None:
        self.tokens.append(token)
        if self.is_busy:
            return None
        self.jobs.append(Job("own", "STARTING", AFTER))
        return self.jobs[-1]

    def job(self, job_id: str) -> Job:
        return next(each for each in self.jobs if each.id == job_id)

    def latest(self) -> Job | None:
        return self.jobs[-1] if self.jobs else None

    def ends(self, status: str = "COMPLETE", **how: Any) -> None:
        self.jobs[-1] = replace(self.jobs[-1], status=status, **how)
        self.is_busy = False


def begun() -> Ingestion:
    return Ingestion(since=SINCE)


def test_a_run_starts_a_job_waits_for_it_and_is_done() -> None:
    source = Source()

    first = look(begun(), source, "token")
    source.ends(failed=1)
    last = look(first, source, "token")

    assert (first.done, first.job, first.wait_seconds) == (False, "own", 5)
    assert (last.done, last.failed, last.looks) == (True, 1, 2)
    assert source.tokens == ["token"]


def test_it_waits_longer_from_look_to_look_up_to_a_minute() -> None:
    source, at, waits = Source(), begun(), []
    for _ in range(6):
        at = look(at, source, "token")
        waits.append(at.wait_seconds)

    assert waits == [5, 10, 20, 40, 60, 60]
    assert at.waited == sum(waits)


def test_a_job_that_began_after_the_document_was_there_is_followed() -> None:
    source = Source([Job("other", "IN_PROGRESS", AFTER)], is_busy=True)

    first = look(begun(), source, "token")
    source.ends()

    assert first.job == "other"
    assert look(first, source, "token").done


def test_a_job_that_began_before_the_document_was_there_is_waited_for_and_another_started() -> None:
    source = Source([Job("other", "IN_PROGRESS", BEFORE)], is_busy=True)

    first = look(begun(), source, "token")
    source.ends()
    second = look(first, source, "token")

    assert (first.job, first.done, first.wait_seconds) == ("", False, 5)
    assert second.job == "own"


@pytest.mark.parametrize("status", ["FAILED", "STOPPED"])
def test_a_job_that_takes_nothing_in_fails_the_run_with_its_reason(status: str) -> None:
    source = Source()
    first = look(begun(), source, "token")
    source.ends(status, reasons=("no right to read the bucket",))

    with pytest.raises(IngestionFailed, match=f"own is {status}: no right to read"):
        look(first, source, "token")


def test_a_job_that_does_not_end_is_given_up() -> None:
    source = Source()
    first = look(begun(), source, "token")

    assert not look(replace(first, waited=5_399), source, "token").done
    with pytest.raises(IngestionFailed, match="own has not ended after 5400 s"):
        look(replace(first, waited=5_400), source, "token")


def test_states_travel_as_json_and_are_counted() -> None:
    at = look(begun(), Source(), "token")

    assert Ingestion.from_json(at.to_json()) == at
    assert [transitions(looks) for looks in (0, 1, 3)] == [0, 2, 8]


class Client:
    """Bedrock's client, which refuses."""

    def __init__(self, code: str) -> None:
        self._error = ClientError({"Error": {"Code": code, "Message": "no"}}, "StartIngestionJob")

    def start_ingestion_job(self, **_given: Any) -> Any:
        raise self._error


@pytest.mark.parametrize("code", ["ConflictException", "ServiceQuotaExceededException"])
def test_a_source_that_is_busy_is_no_error(code: str) -> None:
    assert IngestionJobs(lambda: Client(code), "KB", "DS").start("token") is None


@pytest.mark.parametrize(
    ("code", "error"),
    [("ThrottlingException", RetrieverUnavailable), ("AccessDeniedException", RetrieverFailed)],
)
def test_what_passes_is_asked_again_and_what_does_not_is_named(
    code: str, error: type[Exception]
) -> None:
    with pytest.raises(error, match=code):
        IngestionJobs(lambda: Client(code), "KB", "DS").start("token")
