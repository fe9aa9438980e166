"""The deployed batch as the command line sees it: its machine and its bucket."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cost_calculator.aws.error_codes import is_missing_object
from cost_calculator.cli.deployment import open_deployment
from router.ingress.batch.layout import (
    CHUNK_LINES,
    InvalidBatch,
    batch_summary_key,
    folder,
    manifest_key,
    run_key,
)


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a batch; ``prompts_done`` counts by chunks, ``summary`` comes with the end."""

    batch_id: str
    state: str
    prompts_done: int
    error: str | None
    cause: str | None
    summary: dict[str, Any] | None

    @property
    def is_over(self) -> bool:
        return self.state != "RUNNING"


@dataclass(frozen=True, slots=True)
class BatchCloud:
    """The machine, the bucket and their clients."""

    machine: str
    bucket: str
    states: Any
    s3: Any

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> BatchCloud:
        """Return it for the options: what they name, or the deployment's own."""
        deployment = open_deployment(arguments)
        return cls(
            arguments.state_machine or deployment.batch_machine_arn,
            arguments.bucket or deployment.answers_bucket,
            deployment.client("stepfunctions"),
            deployment.client("s3"),
        )

    def submit(self, batch_id: str, file: Path) -> bool:
        """Start the batch; ``False`` if a run of it is still open."""
        earlier = self._run(batch_id)
        if earlier and self._described(earlier)["status"] == "RUNNING":
            return False
        key = f"{folder(batch_id)}input{file.suffix.lower()}"
        self.s3.upload_file(str(file), self.bucket, key)
        name = f"{batch_id}-{datetime.now(UTC):%Y%m%d%H%M%S}"
        started = self.states.start_execution(
            stateMachineArn=self.machine,
            name=name,
            input=json.dumps({"batch_id": batch_id, "key": key}),
        )
        run = json.dumps({"execution_arn": started["executionArn"]})
        self.s3.put_object(Bucket=self.bucket, Key=run_key(batch_id), Body=run.encode())
        return True

    def status(self, batch_id: str) -> Status:
        """Return the state of the latest run; raise ``InvalidBatch`` if there was none."""
        arn = self._run(batch_id)
        if arn is None:
            raise InvalidBatch(f"batch {batch_id} was never submitted: submit the file first")
        run = self._described(arn)
        is_over = run["status"] != "RUNNING"
        text = self._find(batch_summary_key(batch_id)) if is_over else None
        return Status(
            batch_id,
            run["status"],
            self._chunks_done(batch_id) * CHUNK_LINES,
            run.get("error"),
            run.get("cause"),
            json.loads(text) if text else None,
        )

    def manifest(self, batch_id: str) -> dict[str, Any]:
        """Return the manifest; raise ``InvalidBatch`` before the end of the first run."""
        text = self._find(manifest_key(batch_id))
        if text is None:
            raise InvalidBatch(f"batch {batch_id} has no results yet: see its status")
        manifest: dict[str, Any] = json.loads(text)
        return manifest

    def text(self, key: str) -> str:
        """Return the text of an object that the manifest names."""
        body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"]
        return str(body.read().decode())

    def _chunks_done(self, batch_id: str) -> int:
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{folder(batch_id)}summaries/"
        )
        return sum(page.get("KeyCount", 0) for page in pages)

    def _run(self, batch_id: str) -> str | None:
        text = self._find(run_key(batch_id))
        return str(json.loads(text)["execution_arn"]) if text else None

    def _described(self, arn: str) -> dict[str, Any]:
        found: dict[str, Any] = self.states.describe_execution(executionArn=arn)
        return found

    def _find(self, key: str) -> str | None:
        try:
            return self.text(key)
        except ClientError as error:
            if is_missing_object(error):
                return None
            raise
