"""A key that cannot be read now is not a key that is missing: only the latter is the set-up's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from router.errors import AccessDenied, Unreachable
from router.providers import ssm_keys
from router.providers.ssm_keys import api_key

NAME = "/faregate/openai"


class Ssm:
    """Parameter Store: answers, or raises what it was given."""

    def __init__(self, says: Any) -> None:
        self.says = says
        self.reads = 0

    def get_parameter(self, **asked: Any) -> Any:
        self.reads += 1
        assert asked == {"Name": NAME, "WithDecryption": True}
        if isinstance(self.says, Exception):
            raise self.says
        return {"Parameter": {"Value": self.says}}


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    ssm_keys._read.cache_clear()
    yield
    ssm_keys._read.cache_clear()


def parameter(says: Any, monkeypatch: pytest.MonkeyPatch) -> Ssm:
    ssm = Ssm(says)
    monkeypatch.setattr(boto3, "client", lambda _service: ssm)
    return ssm


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetParameter")


def test_a_key_is_read_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    ssm = parameter("sk-1", monkeypatch)
    monkeypatch.setattr("time.monotonic", lambda: 30.0)

    assert [api_key(NAME), api_key(NAME)] == ["sk-1", "sk-1"]
    assert ssm.reads == 1

    monkeypatch.setattr("time.monotonic", lambda: 61.0)
    ssm.says = "sk-2"
    assert api_key(NAME) == "sk-2"


@pytest.mark.parametrize("code", ["ParameterNotFound", "AccessDeniedException"])
def test_a_missing_or_denied_key_says_how_to_put_one_there(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameter(refusal(code), monkeypatch)

    with pytest.raises(AccessDenied, match=f"put-parameter --type SecureString --name {NAME}"):
        api_key(NAME)


@pytest.mark.parametrize(
    "trouble",
    [
        refusal("ThrottlingException"),
        refusal("InternalServerError"),
        refusal("InvalidKeyId"),
        refusal("KMSInvalidStateException"),
        ConnectTimeoutError(endpoint_url="https://ssm"),
        ReadTimeoutError(endpoint_url="https://ssm"),
    ],
    ids=["throttled", "500", "no-key", "kms", "unconnected", "timed-out"],
)
def test_trouble_of_ssm_or_kms_passes_and_is_not_kept(
    trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssm = parameter(trouble, monkeypatch)
    with pytest.raises(Unreachable):
        api_key(NAME)

    ssm.says = "sk-1"
    assert api_key(NAME) == "sk-1"
