"""A data source of a Knowledge Base, as far as its ingestion jobs go; each look is a moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from local.emulator.ingestion_jobs import IngestionJobs, Ongoing
from local.emulator.s3_vectors import Refused

_SOURCE = "the source"


class DataSource:
    """Answers as the service does; a job ends after `looks` looks at it, as `ending`."""

    def __init__(self) -> None:
        self.again()

    def again(
        self, looks: int = 2, ending: str = "COMPLETE", reasons: tuple[str, ...] = ()
    ) -> None:
        """Forget all jobs."""
        self._moment = 0
        self._ending, self._reasons = ending, reasons
        self._jobs = IngestionJobs(lambda: float(self._moment), looks)
        self.started: list[dict[str, Any]] = []

    def answer(self, method: str, path: str, given: dict[str, Any]) -> dict[str, Any]:
        """Answer one operation, or raise `Refused`."""
        if method == "PUT":
            return {"ingestionJob": self._start(given["clientToken"])}
        if method == "POST":
            newest = self.started[::-1][: given["maxResults"]]
            return {"ingestionJobSummaries": [self._shown(each) for each in newest]}
        self._moment += 1
        job_id = path.rstrip("/").rsplit("/", 1)[1]
        found = next(each for each in self.started if each["ingestionJobId"] == job_id)
        return {"ingestionJob": self._shown(found)}

    def _start(self, token: str) -> dict[str, Any]:
        if known := self._jobs.known(_SOURCE, token):
            return self._shown(next(e for e in self.started if e["ingestionJobId"] == known))
        try:
            self._jobs.check_free(_SOURCE)
        except Ongoing as ongoing:
            self._moment += 1
            raise Refused("ConflictException", str(ongoing), 409) from ongoing
        job_id = f"JOB{len(self.started) + 1}"
        self._jobs.begin(_SOURCE, job_id, self._ending, token)
        made = {"ingestionJobId": job_id, "startedAt": datetime.now(UTC).isoformat()}
        self.started.append({**made, "updatedAt": made["startedAt"]})
        return self._shown(self.started[-1])

    def _shown(self, job: dict[str, Any]) -> dict[str, Any]:
        status = self._jobs.status(job["ingestionJobId"], "STOPPED")
        reasons = list(self._reasons) if status == "FAILED" else []
        names = {"knowledgeBaseId": "KB12345678", "dataSourceId": "DS12345678"}
        return {**job, **names, "status": status, "failureReasons": reasons}
