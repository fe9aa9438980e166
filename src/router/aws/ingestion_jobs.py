"""Ingestion jobs of a Knowledge Base's data source (Bedrock)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from cost_calculator.clock import iso
from router.aws.retriever_errors import as_retrieval_errors
from router.workflows.documents.ingestion import Job

# A source has one job at a time; a Knowledge Base and an account have few.
_BUSY = frozenset({"ConflictException", "ServiceQuotaExceededException"})


class IngestionJobs:
    """The jobs of one data source."""

    def __init__(self, client: Callable[[], Any], knowledge_base: str, data_source: str) -> None:
        self._client = client
        self._names = {"knowledgeBaseId": knowledge_base, "dataSourceId": data_source}

    def start(self, token: str) -> Job | None:
        """Start a job, once for a token; return ``None`` while another is under way."""
        with as_retrieval_errors("bedrock-agent"):
            try:
                found = self._client().start_ingestion_job(**self._names, clientToken=token)
            except ClientError as error:
                if error.response["Error"]["Code"] in _BUSY:
                    return None
                raise
        return _job(found["ingestionJob"])

    def job(self, job_id: str) -> Job:
        with as_retrieval_errors("bedrock-agent"):
            found = self._client().get_ingestion_job(**self._names, ingestionJobId=job_id)
        return _job(found["ingestionJob"])

    def latest(self) -> Job | None:
        """Return the job that was started last."""
        with as_retrieval_errors("bedrock-agent"):
            found = self._client().list_ingestion_jobs(
                **self._names,
                sortBy={"attribute": "STARTED_AT", "order": "DESCENDING"},
                maxResults=1,
            )["ingestionJobSummaries"]
        return _job(found[0]) if found else None


def _job(found: Mapping[str, Any]) -> Job:
    return Job(
        found["ingestionJobId"],
        found["status"],
        iso(found["startedAt"]),
        int(found.get("statistics", {}).get("numberOfDocumentsFailed", 0)),
        tuple(found.get("failureReasons", ())),
    )
