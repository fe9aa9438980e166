from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from router.aws.answers_bucket import AnswerStore
from router.conversation.said import Said
from router.encoding import STATE_BYTES
from router.errors import AnswerNotStored, StoreUnavailable
from router.invocation.answer_store import offload_if_large
from router.invocation.call import Answer

USAGE = {"inputTokens": 1, "outputTokens": 2}


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        client.create_bucket(Bucket="answers-1")
        yield client


def answer(text: str) -> Answer:
    return Answer(text, False, USAGE, None)


def test_an_answer_that_fits_is_handed_on_as_it_is(s3: Any) -> None:
    small = answer("x" * (STATE_BYTES - 2))  # its quotes count

    assert offload_if_large(small, "r-1", AnswerStore(lambda: s3, "answers-1")) is small


@pytest.mark.parametrize("text", ["x" * (STATE_BYTES - 1), "\x01" * (STATE_BYTES // 6 + 1)])
def test_what_is_too_large_as_json_is_stored_under_its_request(s3: Any, text: str) -> None:
    handed = offload_if_large(answer(text), "r-1", AnswerStore(lambda: s3, "answers-1"))

    assert handed.text == ""
    assert handed.usage == USAGE
    bucket, key = str(handed.output_s3).removeprefix("s3://").split("/", 1)
    assert (bucket, key.startswith("answers/default/r-1/")) == ("answers-1", True)
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() == text


def test_an_answer_that_s3_does_not_take_keeps_its_usage(s3: Any) -> None:
    with pytest.raises(AnswerNotStored) as failed:
        offload_if_large(answer("x" * 200_000), "r-1", AnswerStore(lambda: s3, "no-such-bucket"))

    assert failed.value.usage == USAGE


def test_an_answer_that_is_gone_is_none_and_one_that_s3_does_not_give_is_not_known(
    s3: Any,
) -> None:
    store = AnswerStore(lambda: s3, "answers-1")
    address = store.put("r-1", Said("an answer"))

    assert store.get(address) == "an answer"
    assert store.get("s3://answers-1/answers/r-1/gone.txt") is None
    for code in ("SlowDown", "AccessDenied"):
        with Stubber(s3) as stub:
            stub.add_client_error("get_object", code)
            with pytest.raises(StoreUnavailable, match=code):
                store.get(address)
