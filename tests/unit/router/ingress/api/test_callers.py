"""Who calls decides whose request it is, and nothing that a caller can write does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from router.ingress.api.callers import Callers
from router.ingress.api.errors import ApiError

ROLE = "arn:aws:iam::123456789012:role/web"


def iam(arn: str) -> dict[str, Any]:
    return {"identity": {"userArn": arn}}


def claims(**found: str) -> dict[str, Any]:
    return {"authorizer": {"claims": found}}


@pytest.mark.parametrize(
    ("callers", "context"),
    [
        (Callers("IAM", {ROLE: "acme"}), iam("arn:aws:sts::123456789012:assumed-role/web/i-1")),
        (Callers("IAM", {ROLE: "acme"}), iam("arn:aws:sts::123456789012:assumed-role/web/a/b")),
        (Callers("IAM", {ROLE[:-8] + "user/ann": "acme"}), iam(ROLE[:-8] + "user/ann")),
        (Callers("API_KEY", {"k1": "acme"}), {"identity": {"apiKeyId": "k1"}}),
        (Callers("COGNITO", {}), claims(**{"custom:tenant": "acme"})),
        (Callers("COGNITO", {"c1": "acme"}, claim="client_id"), claims(client_id="c1")),
        (Callers("AUTHORIZER", {}), {"authorizer": {"tenant": "acme"}}),
        (Callers("IAM", {}, "acme"), iam("arn:aws:iam::123456789012:user/unknown")),
    ],
)
def test_the_identity_has_its_tenant(callers: Callers, context: dict[str, Any]) -> None:
    assert callers.tenant_of(context) == "acme"


@pytest.mark.parametrize(
    ("callers", "context"),
    [
        (Callers("IAM", {ROLE: "acme"}), iam("arn:aws:sts::123456789012:assumed-role/other/web")),
        (Callers("IAM", {ROLE: "acme"}), iam("arn:aws:sts::999999999999:assumed-role/web/i-1")),
        (Callers("IAM", {ROLE: "acme"}), {"identity": {}}),
        (Callers("API_KEY", {"k1": "acme"}), {"identity": {"apiKeyId": "acme"}}),
        (Callers("API_KEY", {"k1": "acme"}), {"authorizer": {"tenant": "acme"}}),
        (Callers("COGNITO", {}), claims(**{"custom:tenant": "a#b"})),
        # No tenant holds a slash: "a/b" with the id "c" would be the key of "a" with "b/c".
        (Callers("COGNITO", {}), claims(**{"custom:tenant": "acme/r"})),
        (Callers("API_KEY", {"k1": "acme/r"}), {"identity": {"apiKeyId": "k1"}}),
        (Callers("AUTHORIZER", {}), {"authorizer": {"tenant": "acme/"}}),
        (Callers("COGNITO", {}), claims(tenant="acme")),
        (Callers("AUTHORIZER", {}), {"authorizer": None}),
    ],
)
def test_an_identity_without_a_tenant_is_a_403(callers: Callers, context: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as refused:
        callers.tenant_of(context)

    assert refused.value.status == 403


def test_the_modules_json_is_read() -> None:
    text = json.dumps(
        {"auth": "COGNITO", "tenants": {}, "default_tenant": None, "claim": "custom:team"}
    )

    assert Callers.from_json(text).tenant_of(claims(**{"custom:team": "a"})) == "a"
