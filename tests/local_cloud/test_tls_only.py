"""What others may send to refuses plain HTTP, in the policies as they are deployed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from local.deployment import Deployment


def policies(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the ARN and the policy of each queue, of the topic and of the bucket."""
    outputs = deployment.outputs
    queue = outputs["queue"]
    sqs = deployment.client("sqs")
    for url in (outputs["failures_queue"]["url"], queue["url"], queue["dead_letter_url"]):
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy", "QueueArn"])
        yield found["Attributes"]["QueueArn"], json.loads(found["Attributes"]["Policy"])
    topic = outputs["notifications_topic_arn"]
    attributes = deployment.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    yield topic, json.loads(attributes["Policy"])
    bucket = outputs["answers_bucket"]
    policy = deployment.client("s3").get_bucket_policy(Bucket=bucket["name"])["Policy"]
    yield bucket["arn"], json.loads(policy)


def test_queues_topic_and_bucket_refuse_whoever_comes_without_tls(deployment: Deployment) -> None:
    found = dict(policies(deployment))

    assert len(found) == 5
    for arn, policy in found.items():
        [refused] = [each for each in policy["Statement"] if each["Effect"] == "Deny"]
        assert refused["Principal"] in ("*", {"AWS": "*"}), arn
        assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}, arn
        resources = refused["Resource"]
        assert arn in ([resources] if isinstance(resources, str) else resources)
