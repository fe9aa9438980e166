"""Documents that are ingested into a Knowledge Base, on the local cloud's own: the state machine
waits, one job of the source at a time.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from local import client
from local.cloud import ROOT
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, states_entered
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.test_retrievers import ACCOUNT, TITAN
from tests.support import patience

WAIT = 120


@dataclass(frozen=True, slots=True)
class Base:
    """A Knowledge Base over the corpus, and the machine as the module makes it with one."""

    deployment: Deployment
    emulator: Emulator
    id: str
    source: str

    @contextmanager
    def ingested(self) -> Iterator[None]:
        """Let documents be ingested for a while, as `workflows.documents.knowledge_base` would."""
        ids = json.dumps({"id": self.id, "data_source_id": self.source})
        with (
            self.emulator.settings("ingest_document", KNOWLEDGE_BASE=ids),
            self.emulator.changed(ingesting, "documents"),
        ):
            yield

    def start(self, name: str) -> str:
        arn: str = self.deployment.client("stepfunctions").start_execution(
            stateMachineArn=self.deployment.outputs["workflows"]["documents"]["state_machine_arn"],
            input=json.dumps({"key": f"documents/{name}"}),
        )["executionArn"]
        return arn

    def end(self, arn: str) -> dict[str, Any]:
        return client.wait_for_execution(self.deployment, arn, WAIT)

    def finds(self, text: str) -> list[str]:
        found = self.deployment.client("bedrock-agent-runtime").retrieve(
            knowledgeBaseId=self.id, retrievalQuery={"text": text}
        )["retrievalResults"]
        return [each["location"]["s3Location"]["uri"].rsplit("/", 1)[1] for each in found]

    def begin_job(self) -> str:
        """Start a job, as somebody else, as soon as the source is free."""
        agent = self.deployment.client("bedrock-agent")

        def job() -> str | None:
            try:
                begun = agent.start_ingestion_job(knowledgeBaseId=self.id, dataSourceId=self.source)
            except agent.exceptions.ConflictException:
                return None
            return str(begun["ingestionJob"]["ingestionJobId"])

        return patience.wait_for(job, "the source is not free", WAIT) or ""

    def jobs(self) -> list[str]:
        listed = self.deployment.client("bedrock-agent").list_ingestion_jobs(
            knowledgeBaseId=self.id, dataSourceId=self.source
        )["ingestionJobSummaries"]
        return [each["ingestionJobId"] for each in listed]


def ingesting(definition: dict[str, Any]) -> dict[str, Any]:
    """Return the deployed definition with the states that the module adds for a Knowledge Base."""
    whole = json.loads((ROOT / "asl" / "documents.asl.json").read_text(encoding="utf-8"))["States"]
    states = definition["States"]
    function = states["IndexDocument"]["Arguments"]["FunctionName"]
    for name in ("IngestSource", "IsIngested", "WaitForIngestion"):
        states[name] = json.loads(
            json.dumps(whole[name])
            .replace("${partition}", "aws")
            .replace("${ingest_document_arn}", function)
        )
    states["AnyPages"]["Default"] = "IngestSource"
    return definition


@pytest.fixture(scope="module")
def base(deployment: Deployment) -> Base:
    agent = deployment.client("bedrock-agent")
    made: str = agent.create_knowledge_base(
        name=f"corpus-{uuid.uuid4().hex[:8]}",
        roleArn=deployment.outputs["functions"]["ingest_document"]["role_arn"],
        knowledgeBaseConfiguration={
            "type": "VECTOR",
            "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": TITAN},
        },
    )["knowledgeBase"]["knowledgeBaseId"]
    found = Base(deployment, Emulator(deployment), made, data_source(deployment, made))
    let_it_ingest(deployment, made)
    return found


def data_source(deployment: Deployment, base: str, bucket: str = "") -> str:
    bucket = bucket or deployment.outputs["corpus"]["bucket"]
    source: str = deployment.client("bedrock-agent").create_data_source(
        knowledgeBaseId=base,
        name=f"source-{uuid.uuid4().hex[:8]}",
        dataSourceConfiguration={
            "type": "S3",
            "s3Configuration": {
                "bucketArn": f"arn:aws:s3:::{bucket}",
                "inclusionPrefixes": ["documents/"],
            },
        },
    )["dataSource"]["dataSourceId"]
    return source


def let_it_ingest(deployment: Deployment, base: str) -> None:
    """Give the role what the module gives it with a Knowledge Base (terraform/tests)."""
    role = deployment.outputs["functions"]["ingest_document"]["role_arn"].rsplit("/", 1)[1]
    statement = {
        "Sid": "IngestIntoTheKnowledgeBase",
        "Effect": "Allow",
        "Action": [
            f"bedrock:{verb}"
            for verb in ("GetIngestionJob", "ListIngestionJobs", "StartIngestionJob")
        ],
        "Resource": [f"arn:aws:bedrock:us-east-1:{ACCOUNT}:knowledge-base/{base}"],
    }
    deployment.client("iam").put_role_policy(
        RoleName=role,
        PolicyName="own-knowledge-base",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


@pytest.fixture
def name(deployment: Deployment) -> Iterator[str]:
    """A document that lies in the corpus, and is in already as far as its own event goes."""
    name = f"axolotl-{uuid.uuid4().hex[:8]}.md"
    s3, bucket = deployment.client("s3"), deployment.outputs["corpus"]["bucket"]
    s3.put_object(Bucket=bucket, Key=f"documents/{name}", Body=f"Of {name}: gills.".encode())
    yield name
    s3.delete_object(Bucket=bucket, Key=f"documents/{name}")


def test_a_run_waits_until_its_document_is_in_the_knowledge_base(base: Base, name: str) -> None:
    with base.ingested():
        arn = base.start(name)
        done = base.end(arn)

    assert done["status"] == "SUCCEEDED", done
    out = json.loads(done["output"])
    assert out["ingestion"]["job"] in base.jobs()
    assert out["ingestion"]["documents_failed"] == 0
    assert states_entered(base.deployment, arn).count("IngestSource") >= 2
    assert name in base.finds(name)


def test_a_run_beside_another_job_of_the_source_ends_with_a_job_that_took_it_in(
    base: Base, name: str, tell: Tell
) -> None:
    told = tell("ingestion-busy", "a job of the source is under way", "IngestSource > WaitFor…")
    with base.ingested():
        earlier = base.begin_job()
        done = [base.end(arn) for arn in [base.start(name), base.start(name)]]

    used = {json.loads(each["output"])["ingestion"]["job"] for each in done}
    # Nobody takes the job that began before, and both need no more than one of their own.
    assert earlier not in used
    assert len(used) <= 2
    assert name in base.finds(name)
    told.rows = "each run's own, with its looks"
    told.money = "states alone: what a Knowledge Base costs is on its own bill"


def test_a_job_that_fails_fails_the_run_with_its_reason(base: Base, name: str, tell: Tell) -> None:
    told = tell("ingestion-fails", "the source's bucket is not there", "IngestionFailed")
    gone = Base(
        base.deployment,
        base.emulator,
        base.id,
        data_source(base.deployment, base.id, "no-such-bucket"),
    )
    with gone.ingested():
        done = gone.end(gone.start(name))

    assert (done["status"], done["error"]) == ("FAILED", "IngestionFailed")
    assert "does not exist" in done["cause"]
    told.rows = "the run's own, FAILED"
    told.money = "its states"
