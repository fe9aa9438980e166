"""An ingestion job takes its time, and a data source has one at a time.

AWS: StartIngestionJob is a ConflictException while another job of the source is under way; a known
client token answers the job that it began; a document that has left the bucket leaves the Knowledge
Base; ListIngestionJobs sorts by StartedAt.
MiniStack 1.5.33: every start is a job that has ended; tokens and sorting are ignored; what was
ingested stays.
"""

import json
import os
from collections.abc import Callable
from typing import Any

from ministack.services import bedrock_agent, s3

from local import cloud_time
from local.emulator.ingestion_jobs import IngestionJobs, Ongoing
from local.emulator.patches.registry import replaces

Answer = tuple[int, dict[str, str], Any]
_jobs = IngestionJobs(cloud_time.now, float(os.environ.get("LOCAL_INGESTION_SECONDS", "2")))


@replaces(bedrock_agent, "_start_ingestion_job")
def start(original: Callable[..., Answer], base: str, source: str, body: Any) -> Answer:
    """Begin a job, if the source has none; answer the one that the token has begun."""
    place, given = f"{base}/{source}", json.loads(body or b"{}")
    if known := _jobs.known(place, given.get("clientToken", "")):
        answer: Answer = bedrock_agent._get_ingestion_job(base, source, known)
        return answer
    try:
        _jobs.check_free(place)
    except Ongoing as ongoing:
        refused: Answer = bedrock_agent._conflict(str(ongoing))
        return refused
    _forget_what_is_gone(place)
    answer = original(base, source, body)
    if answer[0] < 300:
        job_id = json.loads(answer[2])["ingestionJob"]["ingestionJobId"]
        ending = bedrock_agent._ingestion_jobs[f"{place}/{job_id}"]["Status"]
        _jobs.begin(place, job_id, ending, given.get("clientToken"))
    return answer


@replaces(bedrock_agent, "_get_ingestion_job")
def get(original: Callable[..., Answer], base: str, source: str, job_id: str) -> Answer:
    """Answer its status as of now."""
    _update(f"{base}/{source}/{job_id}")
    return original(base, source, job_id)


@replaces(bedrock_agent, "_list_ingestion_jobs")
def listed(original: Callable[..., Answer], base: str, source: str, body: Any) -> Answer:
    """Answer the jobs, the newest first if that is asked for, and no more than are asked for."""
    for key in list(bedrock_agent._ingestion_jobs):
        if key.startswith(f"{base}/{source}/"):
            _update(key)
    status, headers, text = original(base, source, body)
    given, answer = json.loads(body or b"{}"), json.loads(text)
    order = given.get("sortBy", {}).get("order", "ASCENDING")
    found = answer["ingestionJobSummaries"]
    # In order of their start as they are: two may begin within a second.
    found = found[::-1] if order == "DESCENDING" else found
    answer["ingestionJobSummaries"] = found[: given.get("maxResults", len(found))]
    return status, headers, json.dumps(answer).encode()


def _update(key: str) -> None:
    if record := bedrock_agent._ingestion_jobs.get(key):
        record["Status"] = _jobs.status(record["IngestionJobId"], record["Status"])


def _forget_what_is_gone(place: str) -> None:
    for key, document in list(bedrock_agent._kb_document_texts.items()):
        if not key.startswith(f"{place}/"):
            continue
        bucket, _, name = document["Uri"].removeprefix("s3://").partition("/")
        held = s3._buckets.get(bucket)
        if held is None or name not in held["objects"]:
            bedrock_agent._kb_document_texts.pop(key, None)
            bedrock_agent._kb_documents.pop(key, None)
