"""The decisions of the workflow ``documents``, and what starts it: `asl/documents.asl.json`."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger

from cost_calculator.aws.settings_item import load_settings
from cost_calculator.clock import iso, now
from cost_calculator.rates import default_rates
from cost_calculator.settlement import settle
from cost_calculator.workflow_cost import embedding_sums, read_step
from router.aws.answers_bucket import s3_client
from router.aws.chunk_store import chunk_store
from router.aws.corpus_documents import corpus_documents
from router.aws.embedding_ledger import EmbeddingLedger
from router.aws.embeddings import Embeddings, bedrock_client
from router.aws.executions import executions
from router.aws.ingestion_jobs import IngestionJobs
from router.aws.input_bucket import InputStore
from router.aws.retrievers import client_of
from router.aws.vector_index import VectorIndex, s3vectors_client
from router.aws.workflow_store import workflow_store
from router.recording.workflow_run import run_row
from router.workflows.corpus.chunks import Chunk
from router.workflows.documents.changed import NAME, Change, input_of, parse
from router.workflows.documents.extraction import MOST_BYTES
from router.workflows.documents.indexing import index
from router.workflows.documents.ingestion import Ingestion, look
from router.workflows.documents.outcome import (
    as_json,
    asks,
    problem_of,
    request_of,
    result,
    step_of,
    transitions,
)
from router.workflows.documents.reading import PagesUnread, Reading
from router.workflows.documents.reading_progress import Progress
from router.workflows.documents.scanned_pages import ScannedPages, Setting
from router.workflows.run import NothingAnswered, answer_problem, child_failure

logger = Logger()
load_settings()
store = workflow_store()
rates = default_rates()
bucket = os.environ["CORPUS_BUCKET"]
chunks = chunk_store(bucket)
documents = corpus_documents(bucket)
folder = os.environ["DOCUMENTS_FOLDER"]
files = InputStore(s3_client, os.environ["ANSWERS_BUCKET"], MOST_BYTES)
analysis = os.environ["ANALYSIS"]
notifies = os.environ.get("NOTIFIES") == "true"
vectors: Mapping[str, Any] | None = json.loads(os.environ["VECTORS"])
setting = Setting.from_json(json.loads(os.environ.get("SCANNED_PAGES", "null")))
max_cost_usd: float | None = json.loads(os.environ.get("MAX_COST_USD", "null"))
base: Mapping[str, str] | None = json.loads(os.environ.get("KNOWLEDGE_BASE", "null"))
memory_mb = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0"))


class IndexedVectors:
    """The index of the corpus, and the model that fills it."""

    def __init__(self, settings: Mapping[str, Any], ledger: EmbeddingLedger) -> None:
        self._embeddings = Embeddings(bedrock_client, int(settings["dimensions"]), ledger.paid)
        self._index = VectorIndex(s3vectors_client, settings["index_arn"])
        self.put, self.delete = self._index.put, self._index.delete

    def embed(self, some: Sequence[Chunk]) -> Mapping[str, Sequence[float]]:
        """Embed each chunk by a call of its own: the model takes one text."""
        return {chunk.id: self._embeddings.of(chunk.text) for chunk in some}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take S3's event, and start a run; or ``{"step", …}``, and return what its state needs."""
    started = time.monotonic()
    if "detail" in event:
        asked = input_of(event)
        begun = executions().start_once(asked["id"], json.dumps(asked))
        return {"id": asked["id"], "started": begun}
    if event["step"] == "failure":
        return child_failure(event["error"])
    change = parse(event["input"], event["execution"]["name"], folder, max_cost_usd)
    logger.set_correlation_id(change.run.run_id)
    if event["step"] == "index":
        store.begin_run(change.run, event["execution"], memory_mb)
        return _indexed(change, event["so_far"], context.aws_request_id, started)
    if event["step"] == "ingest":
        return _ingested(event, started)
    return _finished(change, event, started)


def _ingested(event: dict[str, Any], started: float) -> dict[str, Any]:
    """Return what is known of the ingestion after one more look."""
    assert base is not None
    source = IngestionJobs(lambda: client_of("bedrock-agent"), base["id"], base["data_source_id"])
    # One token for all tries of a run's start: letters and digits, as the service takes them.
    token = hashlib.sha256(event["execution"]["arn"].encode()).hexdigest()
    after = look(Ingestion.from_json(event["ingestion"]), source, token)
    spent = [*event["kept"]["lambda_ms"], _since(started)]
    return {"ingestion": after.to_json(), "kept": event["kept"] | {"lambda_ms": spent}}


def _indexed(
    change: Change, so_far: Mapping[str, Any], invocation: str, started: float
) -> dict[str, Any]:
    """Return what was done, or the requests for pages that a model is to read before.

    ``so_far`` is the run's input at first, then what came of such requests.
    """
    progress = Progress.from_json(so_far.get("progress", {})).after(so_far.get("reported", ()))
    pages = ScannedPages(setting, change, bucket, progress, store, files) if setting else None
    with EmbeddingLedger(store, change.run, invocation) as ledger:
        indexed = IndexedVectors(vectors, ledger) if vectors else None
        done = index(change, documents, chunks, indexed, pages)
    reading = done.reading or Reading(progress=progress)
    spent = reading.progress.spent(_since(started))
    asked = asks(analysis, done)
    step = step_of(analysis, done.text) if asked else ""
    kept = {
        "reads": bool(reading.requests),
        "progress": spent.to_json(),
        "page_keys": list(reading.keys if reading.run_id == change.run.run_id else ()),
        "unread": problem_of(done),
        "asks": asked,
        "step": step,
        "document": as_json(change, done),
        "lambda_ms": list(spent.lambda_ms),
    }
    # The document is there from now on: a job that begins later takes it in.
    ingestion = Ingestion(since=iso(now())).to_json() if base else None
    return {
        "kept": kept,
        "pages": list(reading.requests),
        "request": request_of(change, analysis, done.text) if asked else {},
        "ingestion": ingestion,
    }


def _finished(change: Change, event: dict[str, Any], started: float) -> dict[str, Any]:
    """Return the workflow's output, and write the run's row: the result, and what it cost."""
    kept, reported = event["kept"], event["reported"]
    ingestion = Ingestion.from_json(event["ingestion"]) if event["ingestion"] else None
    key = change.run.step_key(kept["step"])
    rows = store.steps([key])[key] if kept["asks"] else {}
    problem = kept["unread"] or (answer_problem(rows, reported) if kept["asks"] else None)
    failure = PagesUnread if kept["unread"] else NothingAnswered
    row = run_row(
        change.run.key,
        NAME,
        event["execution"]["name"],
        status="FAILED" if problem else "SUCCEEDED",
        at=iso(now()),
        transitions=transitions(
            asked=kept["asks"],
            failed=reported.get("status") == "FAILED",
            notifies=notifies,
            looks=ingestion.looks if ingestion else 0,
            # The choice whether there are pages to be read is made once more than there are rounds.
            reading=kept["progress"]["transitions"] + (setting is not None),
        ),
        lambda_ms=[*kept["lambda_ms"], _since(started)],
        lambda_mb=memory_mb,
        cause=failure.__name__ if problem else None,
    )
    store.end_run(row | {"document": json.dumps(kept["document"])})
    if kept["unread"]:
        raise PagesUnread(kept["unread"]["cause"])
    if problem:
        raise NothingAnswered(f"{problem['error']}: {problem['cause']}")
    priced = partial(settle, rates=rates, priced_at=iso(now()))
    steps = store.steps(kept["page_keys"]) | ({key: rows} if rows else {})
    sums = [embedding_sums(store.rows_of(change.run.key), priced)]
    sums += [read_step(each, r, priced).sums for each, r in steps.items() if "REQUEST" in r]
    answer = store.text_of(rows) if rows else None
    return result(change, kept["document"], ingestion, answer, sums)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
