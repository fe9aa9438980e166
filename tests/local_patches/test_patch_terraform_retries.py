"""A try that Terraform repeats, since its answer was lost inside the client, is answered again."""

import json
from typing import Any

import pytest
import requests

PROVIDER = "APN/1.0 HashiCorp/1.0 terraform-provider-aws/5.100.0"
ROLE = {"Version": "2012-10-17", "Statement": []}


def create_role(lab: Any, name: str, *, call: str, attempt: int = 1, agent: str = PROVIDER) -> Any:
    """Create a role as an SDK does: its call has an id, and each try of it a number."""
    return requests.post(
        lab.cloud.emulator_url,
        data={
            "Action": "CreateRole",
            "RoleName": name,
            "AssumeRolePolicyDocument": json.dumps(ROLE),
            "Version": "2010-05-08",
        },
        headers={
            "authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request,"
            " SignedHeaders=host, Signature=0",
            "user-agent": agent,
            "amz-sdk-invocation-id": call,
            "amz-sdk-request": f"attempt={attempt}; max=25",
        },
        timeout=60,
    )


def test_a_second_try_of_terraforms_is_answered_as_the_first(lab: Any) -> None:
    name, call = lab.name("role"), lab.name("call")

    first = create_role(lab, name, call=call)
    second = create_role(lab, name, call=call, attempt=2)

    assert (second.status_code, second.text) == (first.status_code, first.text)
    assert first.status_code == 200


@pytest.mark.parametrize(
    ("agent", "another_call"), [(PROVIDER, True), ("aws-sdk-js/3.0", False)], ids=["call", "sdk"]
)
def test_another_call_and_another_sdks_second_try_are_done(
    lab: Any, agent: str, another_call: bool
) -> None:
    name, call = lab.name("role"), lab.name("call")
    create_role(lab, name, call=call, agent=agent)

    again = lab.name("call") if another_call else call
    answer = create_role(lab, name, call=again, attempt=2, agent=agent)

    assert (answer.status_code, "EntityAlreadyExists" in answer.text) == (409, True)
