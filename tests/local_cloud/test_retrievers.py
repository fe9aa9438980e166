"""The retrievers of ``rag`` that are not the corpus's own, each behind the real service's API: a
Knowledge Base of Bedrock and a Lambda function of the user's.
"""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from dataclasses import dataclass
from typing import Any

import pytest

from cost_calculator.aws.items import from_item
from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator

WAIT = 120
ACCOUNT = "000000000000"
TITAN = "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0"
QUESTION = "When does a quagga sleep in Uruguay?"
IN_THE_BASE = "A quagga in Uruguay sleeps at noon."
OF_THE_FUNCTION = "When it rains, no quagga sleeps in Uruguay."
FUNCTION = """
def handler(event, context):
    if "broken" in event["question"]:
        raise ValueError("no index")
    if "nonsense" in event["question"]:
        return {"texts": []}
    found = [{"source": "wiki/quagga", "text": TEXT}, {"source": "wiki/okapi", "text": "Okapis."}]
    return {"passages": found[: event["passages"]]}
"""


@dataclass(frozen=True, slots=True)
class Own:
    """What is the user's own: a Knowledge Base over a bucket, and a function."""

    deployment: Deployment
    base: str
    function: str
    uri: str

    def ask(self, emulator: Emulator, question: str, base: str = "") -> dict[str, Any]:
        """Run rag with these two retrievers, as `workflows.rag` would set them."""
        retrievers = {
            "knowledge_base": {"id": base or self.base},
            "function": {"arn": self.function},
        }
        given = {"id": f"run-{uuid.uuid4().hex[:8]}", "question": question, "tier": "SIMPLE"}
        machine = self.deployment.outputs["workflows"]["rag"]["state_machine_arn"]
        with emulator.settings("answer_question", RETRIEVERS=json.dumps(retrievers)):
            arn = self.deployment.client("stepfunctions").start_execution(
                stateMachineArn=machine, input=json.dumps(given)
            )["executionArn"]
            return client.wait_for_execution(self.deployment, arn, WAIT) | {"id": given["id"]}

    def row(self, done: dict[str, Any]) -> dict[str, Any]:
        found = self.deployment.client("dynamodb").get_item(
            TableName=self.deployment.usage_table,
            Key={"request_id": {"S": done["id"]}, "item": {"S": f"WORKFLOW#{done['name']}"}},
            ConsistentRead=True,
        )
        return from_item(found["Item"])


@pytest.fixture(scope="module")
def own(deployment: Deployment) -> Own:
    bucket = f"quaggas-{uuid.uuid4().hex[:8]}"
    base = knowledge_base(deployment, bucket)
    function = retriever(deployment)
    let_it_ask(deployment, base, function)
    return Own(deployment, base, function, f"s3://{bucket}/quagga.md")


def knowledge_base(deployment: Deployment, bucket: str) -> str:
    s3, agent = deployment.client("s3"), deployment.client("bedrock-agent")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="quagga.md", Body=IN_THE_BASE.encode())
    base: str = agent.create_knowledge_base(
        name=bucket,
        roleArn=deployment.outputs["functions"]["answer_question"]["role_arn"],
        knowledgeBaseConfiguration={
            "type": "VECTOR",
            "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": TITAN},
        },
    )["knowledgeBase"]["knowledgeBaseId"]
    source = agent.create_data_source(
        knowledgeBaseId=base,
        name="s3",
        dataSourceConfiguration={
            "type": "S3",
            "s3Configuration": {"bucketArn": f"arn:aws:s3:::{bucket}"},
        },
    )["dataSource"]["dataSourceId"]
    agent.start_ingestion_job(knowledgeBaseId=base, dataSourceId=source)
    return base


def retriever(deployment: Deployment) -> str:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("find.py", f"TEXT = {OF_THE_FUNCTION!r}\n{FUNCTION}")
    arn: str = deployment.client("lambda").create_function(
        FunctionName=f"find-passages-{uuid.uuid4().hex[:8]}",
        Runtime="python3.13",
        Handler="find.handler",
        Role=deployment.outputs["functions"]["answer_question"]["role_arn"],
        Code={"ZipFile": file.getvalue()},
        Timeout=30,
    )["FunctionArn"]
    return arn


def let_it_ask(deployment: Deployment, base: str, function: str) -> None:
    """Give the role what the module gives it for these retrievers (terraform/tests)."""
    role = deployment.outputs["functions"]["answer_question"]["role_arn"].rsplit("/", 1)[1]
    arn = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:knowledge-base/"
    allowed = [
        # The second is none of the account's.
        ("AskTheKnowledgeBase", "bedrock:Retrieve", [arn + base, arn + GONE]),
        ("AskYourRetriever", "lambda:InvokeFunction", [function]),
    ]
    deployment.client("iam").put_role_policy(
        RoleName=role,
        PolicyName="own-retrievers",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resources}
                    for sid, action, resources in allowed
                ],
            }
        ),
    )


GONE = "KBNEVERMAD"


def retrievers(out: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["retriever"]: each for each in out["retrievers"]}


def test_both_are_asked_and_what_they_find_is_merged_and_cited(
    own: Own, emulator: Emulator
) -> None:
    out = json.loads(own.ask(emulator, QUESTION)["output"])

    assert out["status"] == "ANSWERED"
    assert {each["source"] for each in out["passages"]} == {own.uri, "wiki/quagga", "wiki/okapi"}
    assert [name for name, each in retrievers(out).items() if each.get("chunks")] == [
        "knowledge_base",
        "function",
    ]
    [cited] = out["citations"]
    assert cited["source"] in (own.uri, "wiki/quagga")
    assert out["answer"] in (IN_THE_BASE, OF_THE_FUNCTION)


@pytest.mark.parametrize(
    ("how", "cause"), [("broken", "ended with an error"), ("nonsense", "must return")]
)
def test_a_function_that_fails_is_named_and_the_knowledge_base_answers(
    own: Own, emulator: Emulator, how: str, cause: str
) -> None:
    done = own.ask(emulator, f"When does a quagga sleep in Uruguay, {how}?")

    out = json.loads(done["output"])
    assert (out["status"], out["answer"]) == ("ANSWERED", IN_THE_BASE)
    assert retrievers(out)["function"]["error"] == "RetrieverFailed"
    assert cause in retrievers(out)["function"]["cause"]
    row = own.row(done)
    assert row["status"] == "SUCCEEDED"
    assert json.loads(row["retrievers"]) == out["retrievers"]


def test_a_knowledge_base_that_is_gone_is_named_and_the_function_answers(
    own: Own, emulator: Emulator
) -> None:
    out = json.loads(own.ask(emulator, QUESTION, base=GONE)["output"])

    assert out["answer"] == OF_THE_FUNCTION
    assert "ResourceNotFoundException" in retrievers(out)["knowledge_base"]["cause"]


def test_without_any_retriever_that_answers_the_run_fails_and_its_row_says_why(
    own: Own, emulator: Emulator
) -> None:
    done = own.ask(emulator, "Is it broken?", base=GONE)

    assert (done["status"], done["error"]) == ("FAILED", "NothingRetrieved")
    row = own.row(done)
    assert (row["status"], row["cause"]) == ("FAILED", "NothingRetrieved")
    assert all("error" in each for each in json.loads(row["retrievers"]))
