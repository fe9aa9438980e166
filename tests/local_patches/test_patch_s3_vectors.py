"""S3 Vectors and Titan's embeddings answer boto3 as AWS does, and refuse what AWS refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud import REGION
from tests.local_patches.conftest import ROLE, Lab

TITAN = {
    "embeddingModelArn": "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0"
}


@pytest.fixture(scope="module")
def vectors(lab: Lab) -> Any:
    return lab.client("s3vectors")


@pytest.fixture
def index(lab: Lab, vectors: Any) -> str:
    bucket = lab.name("bucket")
    vectors.create_vector_bucket(vectorBucketName=bucket)
    arn: str = vectors.create_index(
        vectorBucketName=bucket,
        indexName="chunks",
        dataType="float32",
        dimension=2,
        distanceMetric="cosine",
    )["indexArn"]
    return arn


def put(vectors: Any, index: str, **given: list[float]) -> None:
    vectors.put_vectors(
        indexArn=index,
        vectors=[{"key": key, "data": {"float32": each}} for key, each in given.items()],
    )


def nearest(vectors: Any, index: str, *query: float, most: int = 10) -> list[tuple[str, float]]:
    found = vectors.query_vectors(
        indexArn=index, topK=most, queryVector={"float32": list(query)}, returnDistance=True
    )
    return [(each["key"], round(each["distance"], 3)) for each in found["vectors"]]


def refused(call: Any, **given: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as raised:
        call(**given)
    response = raised.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_the_nearest_come_first_and_no_more_than_are_asked_for(vectors: Any, index: str) -> None:
    put(vectors, index, east=[1, 0], north=[0, 1], west=[-1, 0])

    assert nearest(vectors, index, 1, 1, most=2) == [("east", 0.293), ("north", 0.293)]
    assert nearest(vectors, index, -2, 0)[0] == ("west", 0.0)


def test_a_key_that_is_put_again_replaces_its_vector_and_a_deleted_one_is_gone(
    vectors: Any, index: str
) -> None:
    put(vectors, index, one=[1, 0], two=[0, 1])
    put(vectors, index, one=[0, 1])
    vectors.delete_vectors(indexArn=index, keys=["two", "never"])

    assert nearest(vectors, index, 0, 1) == [("one", 0.0)]
    assert vectors.get_vectors(indexArn=index, keys=["one", "two"], returnData=True)["vectors"] == [
        {"key": "one", "data": {"float32": [0, 1]}}
    ]


def test_what_aws_refuses_is_refused_under_its_name(vectors: Any, index: str) -> None:
    invalid, missing = ("ValidationException", 400), ("NotFoundException", 404)
    query = {"float32": [1.0, 0.0]}

    wide = [{"key": "a", "data": {"float32": [1, 2, 3]}}]
    assert refused(vectors.put_vectors, indexArn=index, vectors=wide) == invalid
    zero = [{"key": "a", "data": {"float32": [0, 0]}}]
    assert refused(vectors.put_vectors, indexArn=index, vectors=zero) == invalid
    assert refused(vectors.query_vectors, indexArn=index, topK=101, queryVector=query) == invalid
    other = index.replace("/chunks", "/others")
    assert refused(vectors.query_vectors, indexArn=other, topK=1, queryVector=query) == missing


def test_what_is_not_in_the_stand_in_is_refused_not_ignored(vectors: Any, index: str) -> None:
    given = {"topK": 1, "queryVector": {"float32": [1.0, 0.0]}, "filter": {"source": "a"}}

    assert refused(vectors.query_vectors, indexArn=index, **given)[0] == "ValidationException"
    assert refused(vectors.list_vectors, indexArn=index)[0] == "ValidationException"


def embedded(lab: Lab, **body: Any) -> dict[str, Any]:
    client = lab._session.client(
        "bedrock-runtime", endpoint_url=lab.cloud.simulator_url, region_name=REGION
    )
    answer = client.invoke_model(modelId="amazon.titan-embed-text-v2:0", body=json.dumps(body))
    read: dict[str, Any] = json.loads(answer["body"].read())
    return read


def test_texts_that_share_words_have_embeddings_that_are_near(lab: Lab) -> None:
    def vector(text: str) -> list[float]:
        found = embedded(lab, inputText=text, dimensions=256)
        assert found["inputTextTokenCount"] > 0
        return list(found["embedding"])

    def likeness(one: str, other: str) -> float:
        return sum(a * b for a, b in zip(vector(one), vector(other), strict=True))

    assert likeness("rotate the key", "rotate the key") == pytest.approx(1)
    assert likeness("rotate the key", "the key, rotate it") > 0.8
    assert likeness("rotate the key", "bananas ripen slowly") < 0.3


def test_an_embedding_of_nothing_or_of_other_dimensions_is_refused(lab: Lab) -> None:
    assert refused(lambda: embedded(lab, inputText=""))[0] == "ValidationException"
    assert refused(lambda: embedded(lab, inputText="a", dimensions=100))[0] == "ValidationException"
    assert refused(lambda: embedded(lab, inputText="a", size=1))[0] == "ValidationException"


def knowledge_base(lab: Lab, bucket: str) -> dict[str, str]:
    """Make one over a bucket; return its id and its source's."""
    agent = lab.client("bedrock-agent")
    base = agent.create_knowledge_base(
        name=lab.name("base"),
        roleArn=ROLE,
        knowledgeBaseConfiguration={"type": "VECTOR", "vectorKnowledgeBaseConfiguration": TITAN},
    )["knowledgeBase"]["knowledgeBaseId"]
    source = agent.create_data_source(
        knowledgeBaseId=base,
        name="s3",
        dataSourceConfiguration={
            "type": "S3",
            "s3Configuration": {"bucketArn": f"arn:aws:s3:::{bucket}"},
        },
    )["dataSource"]["dataSourceId"]
    return {"knowledgeBaseId": base, "dataSourceId": source}


def test_a_knowledge_base_finds_what_its_source_holds_and_is_refused_if_there_is_none(
    lab: Lab,
) -> None:
    agent, runtime, s3 = map(lab.client, ("bedrock-agent", "bedrock-agent-runtime", "s3"))
    bucket = lab.name("documents")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="keys.md", Body=b"Rotate the key each month.")
    names = knowledge_base(lab, bucket)
    base = names["knowledgeBaseId"]
    agent.start_ingestion_job(**names)

    query = {"retrievalQuery": {"text": "rotate key"}}
    [found] = runtime.retrieve(knowledgeBaseId=base, **query)["retrievalResults"]

    assert found["content"]["text"] == "Rotate the key each month."
    assert found["location"]["s3Location"]["uri"] == f"s3://{bucket}/keys.md"
    assert refused(runtime.retrieve, knowledgeBaseId="KBNEVERMADE"[:10], **query) == (
        "ResourceNotFoundException",
        404,
    )


def test_a_source_has_one_job_at_a_time_and_a_token_is_one_job(lab: Lab) -> None:
    agent, s3, bucket = lab.client("bedrock-agent"), lab.client("s3"), lab.name("documents")
    s3.create_bucket(Bucket=bucket)
    for key in ("a.md", "b.md"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"Rotate the key each month.")
    names = knowledge_base(lab, bucket)
    token = "token" * 8

    first = agent.start_ingestion_job(**names, clientToken=token)["ingestionJob"]
    again = agent.start_ingestion_job(**names, clientToken=token)["ingestionJob"]
    assert again["ingestionJobId"] == first["ingestionJobId"]
    assert refused(agent.start_ingestion_job, **names) == ("ConflictException", 409)

    def ended() -> bool:
        found = agent.get_ingestion_job(**names, ingestionJobId=first["ingestionJobId"])
        return bool(found["ingestionJob"]["status"] == "COMPLETE")

    lab.wait_for(ended)
    s3.delete_object(Bucket=bucket, Key="a.md")
    second = agent.start_ingestion_job(**names)["ingestionJob"]["ingestionJobId"]
    newest = agent.list_ingestion_jobs(
        **names, maxResults=1, sortBy={"attribute": "STARTED_AT", "order": "DESCENDING"}
    )["ingestionJobSummaries"]
    assert [each["ingestionJobId"] for each in newest] == [second]
    found = lab.client("bedrock-agent-runtime").retrieve(
        knowledgeBaseId=names["knowledgeBaseId"], retrievalQuery={"text": "rotate key"}
    )["retrievalResults"]
    assert [each["location"]["s3Location"]["uri"] for each in found] == [f"s3://{bucket}/b.md"]
