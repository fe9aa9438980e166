"""However two rotations meet, the newest key is the one that is in the connection at the end."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from router.handlers import sync_api_key


class Account:
    """A parameter and a connection; `meanwhile` happens at each write, before it."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.connection = ""
        self.meanwhile: list[Any] = []

    def client(self, _service: str) -> Account:
        return self

    def get_parameter(self, **_asked: Any) -> Any:
        if not self.keys:
            raise ClientError({"Error": {"Code": "ParameterNotFound"}}, "GetParameter")
        return {"Parameter": {"Value": self.keys[-1], "Version": len(self.keys)}}

    def update_connection(self, AuthParameters: Any, **_rest: Any) -> None:  # noqa: N803
        if self.meanwhile:
            self.meanwhile.pop(0)()
        self.connection = AuthParameters["ApiKeyAuthParameters"]["ApiKeyValue"]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account()
    monkeypatch.setattr(boto3, "client", made.client)
    for name in ("OPENAI_API_KEY_PARAMETER", "CONNECTION_NAME", "CONNECTION_KMS_KEY"):
        monkeypatch.setenv(name, name.lower())
    return made


def sync() -> dict[str, Any]:
    return sync_api_key.handler({}, None)


def test_a_key_is_copied_into_the_connection(account: Account) -> None:
    account.keys = ["sk-1"]

    assert sync() == {"synced": True, "version": 1}
    assert account.connection == "Bearer sk-1"


def test_a_copy_that_is_late_writes_the_newer_key_last(account: Account) -> None:
    account.keys = ["sk-1"]

    def rotate() -> None:
        account.keys.append("sk-2")
        sync()  # the copy that the second rotation started: it is done before the first one writes

    account.meanwhile = [rotate]
    sync()

    assert account.connection == "Bearer sk-2"


def test_a_key_that_never_stays_is_an_error_that_is_tried_again(account: Account) -> None:
    account.keys = ["sk-1"]
    account.meanwhile = [lambda: account.keys.append("sk-n")] * 20

    with pytest.raises(RuntimeError, match="changes faster"):
        sync()


def test_without_a_key_the_log_says_how_to_put_one_there(account: Account) -> None:
    assert "put-parameter" in sync()["reason"]
    assert account.connection == ""
