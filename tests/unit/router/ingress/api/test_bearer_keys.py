"""Bearer keys: only hashes are kept, a known key is its tenant, and nothing else gets in."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from router.__main__ import main
from router.ingress.api.bearer_keys import hash_of, key_among, new_key, presented_key
from tests.support.tables import CONTROL

KEY = new_key()
METHOD = "arn:aws:execute-api:us-east-1:123456789012:api1/v1/GET/prompts/r-1"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, dynamodb: Any) -> Any:
    monkeypatch.setenv("CONTROL_TABLE", CONTROL)
    return dynamodb


def authorize(authorization: str) -> dict[str, Any]:
    module = importlib.reload(importlib.import_module("router.handlers.authorize"))
    answer: dict[str, Any] = module.handler(
        {"type": "TOKEN", "authorizationToken": authorization, "methodArn": METHOD}, None
    )
    return answer


def made(capsys: pytest.CaptureFixture[str], tenant: str = "acme") -> str:
    assert main(["keys", "create", "--tenant", tenant, "--label", "web"]) == 0
    return capsys.readouterr().out.strip()


def test_a_made_key_lets_its_tenant_in_on_every_path(
    client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    key = made(capsys)

    answer = authorize(f"Bearer {key}")

    assert answer["context"]["tenant"] == "acme"
    [statement] = answer["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == (
        "Allow",
        "arn:aws:execute-api:us-east-1:123456789012:api1/v1/*",
    )


def test_a_page_that_offers_its_key_as_a_subprotocol_is_let_in(
    client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    key = made(capsys)
    module = importlib.reload(importlib.import_module("router.handlers.authorize"))
    arn = METHOD.rsplit("/", 2)[0] + "/$connect"

    def let_in(offered: str) -> Any:
        headers = {"Sec-WebSocket-Protocol": offered}
        return module.handler({"type": "REQUEST", "headers": headers, "methodArn": arn}, None)

    assert let_in(f"faregate, {key}")["context"]["tenant"] == "acme"
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        let_in(f"faregate, {key}x")


def test_a_request_with_the_key_in_a_header_of_its_own_is_let_in(
    client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    key = made(capsys)
    module = importlib.reload(importlib.import_module("router.handlers.authorize"))
    event = {"type": "REQUEST", "headers": {"x-api-key": key}, "methodArn": METHOD}

    assert module.handler(event, None)["context"]["tenant"] == "acme"
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        module.handler(event | {"headers": None}, None)


def test_the_key_itself_is_kept_nowhere(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    key = made(capsys)

    [item] = client.scan(TableName=CONTROL)["Items"]
    main(["keys", "list"])

    assert key not in str(item)
    assert item["key"]["S"] == f"apikey#{hash_of(key)}"
    assert key not in capsys.readouterr().out


@pytest.mark.parametrize("authorization", ["", "Bearer x", "Bearer sk-fg-", "sk-fg-" + "x" * 43])
def test_what_is_no_key_is_unauthorized(client: Any, authorization: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize(authorization)


def test_an_unknown_key_is_unauthorized(client: Any) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize(f"Bearer {new_key()}")


def test_a_revoked_key_is_unauthorized_and_others_stay(
    client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    gone, kept = made(capsys), made(capsys, "other")

    assert main(["keys", "revoke", hash_of(gone)[:12]]) == 0

    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize(f"Bearer {gone}")
    assert authorize(f"Bearer {kept}")["context"]["tenant"] == "other"


def test_revoking_what_is_not_there_says_so(client: Any) -> None:
    with pytest.raises(SystemExit, match="no key has the id"):
        main(["keys", "revoke", "000000000000"])


def test_keys_are_long_and_never_the_same() -> None:
    keys = {new_key() for _ in range(100)}

    assert len(keys) == 100
    assert all(presented_key(f"Bearer {key}") == key for key in keys)


@pytest.mark.parametrize(
    ("headers", "is_found"),
    [
        ({"x-api-key": KEY}, True),
        ({"X-Api-Key": KEY}, True),
        ({"authorization": f"Bearer {KEY}"}, True),
        ({"x-api-key": "sk-ant-other", "Authorization": f"Bearer {KEY}"}, True),
        ({"x-api-key": f"Bearer {KEY}"}, False),
        ({"authorization": KEY}, False),
        ({}, False),
    ],
)
def test_a_key_may_come_in_either_header(headers: dict[str, str], is_found: bool) -> None:
    assert key_among(headers) == (KEY if is_found else None)
