"""The HTTP door by each way to prove who calls: changed in place by Terraform, called by clients.

Every value of `api.auth` but AUTHORIZER, which test_api.py tries. What opened the door before opens
it no more. The deployment ends as it began.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
import requests

from local import client, terraform
from local.cloud import REGION
from local.deployment import EXAMPLE, Deployment
from tests.local_cloud.callers import Account, Prove, Signed, Signs, UserPool, call, sends
from tests.local_cloud.door import door_of
from tests.support.patience import HANGS_SECONDS

QUESTION = {"input": "What is the capital of France?"}
ORIGIN = "https://app.example.com"
UNAUTHORIZED, FORBIDDEN = (401, "Unauthorized"), (403, "Forbidden")


@dataclass(frozen=True, slots=True)
class Way:
    """One value of `api.auth`: whom it lets in as whom; and what it tells all others."""

    url: str
    tenants: Mapping[str, Prove]
    refused: Mapping[str, tuple[Prove, int, str]]
    openai: Mapping[str, Any]
    """How OpenAI's client proves it."""
    signer: httpx2.Auth | None = None


class Module:
    """The deployed root module with another `api`, as its owner would write it."""

    def __init__(self, deployment: Deployment, folder: Path) -> None:
        self.deployment, self._folder = deployment, folder
        place = terraform.place_of(EXAMPLE, folder)
        self._variables = json.loads((place / "local.auto.tfvars.json").read_text())
        self._override = place / "settings_override.tf.json"

    def apply(self, **api: Any) -> dict[str, Any]:
        """Change `api`, and take away what needs its keys; return the module's output of it."""
        if api:
            settings = {"api": {**api, "cors": {"allow_origins": [ORIGIN]}}, "websocket": None}
            self._override.write_text(json.dumps({"module": {"faregate": settings}}))
        else:
            self._override.unlink(missing_ok=True)
        terraform.apply(
            EXAMPLE,
            variables=self._variables,
            env=self.deployment.cloud.env(),
            folder=self._folder,
            refresh=False,  # nobody else has changed what Terraform made a moment ago
        )
        found: dict[str, Any] = terraform.output(EXAMPLE, folder=self._folder)["api"]
        return found

    def authorizers(self) -> set[str]:
        """Return what the gateway itself holds."""
        api = self.deployment.outputs["api"]["rest_api_id"]
        found = self.deployment.client("apigateway").get_authorizers(restApiId=api)["items"]
        return {each["name"] for each in found}


@pytest.fixture(scope="module")
def bearer(deployment: Deployment) -> Prove:
    """A key that opens the door while `auth` is AUTHORIZER."""
    return sends(authorization=f"Bearer {door_of(deployment, 'acme').key}")


@pytest.fixture(scope="module")
def module(deployment: Deployment, terraform_folder: Path, bearer: Prove) -> Iterator[Module]:
    module = Module(deployment, terraform_folder)
    assert call(bearer, f"{deployment.api_url}/usage").status_code == 200
    try:
        yield module
    finally:
        module.apply()
    assert module.authorizers() == {"AUTHORIZER", "EITHER_KEY"}
    assert call(bearer, f"{deployment.api_url}/usage").status_code == 200


class EveryWay:
    """What holds however callers prove who they are."""

    def test_a_caller_is_answered_as_the_tenant_that_follows_from_who_calls(
        self, way: Way, deployment: Deployment
    ) -> None:
        for tenant, prove in way.tenants.items():
            answer = call(prove, f"{way.url}/prompts", QUESTION)
            assert answer.status_code == 200, answer.text
            request_id = answer.json()["request_id"]
            assert client.trace(deployment, request_id, tenant).request["tenant"] == tenant

    def test_who_proves_nothing_or_the_wrong_thing_is_refused(self, way: Way) -> None:
        for who, (prove, status, kind) in way.refused.items():
            refused = call(prove, f"{way.url}/usage")
            assert refused.status_code == status, (who, refused.text)
            assert set(refused.json()["error"]) == {"type", "message", "request_id"}
            assert refused.json()["error"]["type"] == kind

    def test_a_body_that_names_a_tenant_is_refused(self, way: Way) -> None:
        for prove in way.tenants.values():
            refused = call(prove, f"{way.url}/prompts", {**QUESTION, "tenant": "labs"})
            assert (refused.status_code, refused.json()["error"]["type"]) == (400, "InvalidRequest")

    def test_openais_client_is_answered(self, way: Way) -> None:
        with (
            httpx2.Client(trust_env=False, auth=way.signer) as http,
            openai.OpenAI(base_url=way.url, http_client=http, **way.openai) as aws,
        ):
            raw = aws.chat.completions.with_raw_response.create(
                model="auto", messages=[{"role": "user", "content": "What is 17 * 24?"}]
            )

        assert "408" in (raw.parse().choices[0].message.content or "")
        assert raw.headers["x-faregate-tier"] == "CALCULATION"

    def test_a_browser_may_ask_without_proving_anything(self, way: Way) -> None:
        with requests.Session() as session:
            session.trust_env = False
            asked = session.options(
                f"{way.url}/usage", headers={"origin": ORIGIN}, timeout=HANGS_SECONDS
            )

        assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, ORIGIN)


class TestApiKeys(EveryWay):
    KEYS: Mapping[str, Any] = {
        "web": {"tenant": "acme"},
        "job": {"tenant": "labs"},
        "slow": {"tenant": "labs", "rate_limit": 0.01, "burst_limit": 1},
        "little": {"tenant": "labs", "quota": {"limit": 1, "period": "DAY"}},
    }

    @pytest.fixture(scope="class")
    @classmethod
    def keys(cls, module: Module) -> Mapping[str, Prove]:
        ids = module.apply(auth="API_KEY", keys=cls.KEYS)["key_ids"]
        aws = module.deployment.client("apigateway")
        return {
            name: sends(x_api_key=aws.get_api_key(apiKey=key, includeValue=True)["value"])
            for name, key in ids.items()
        }

    @pytest.fixture(scope="class")
    @classmethod
    def way(cls, module: Module, keys: Mapping[str, Prove], bearer: Prove) -> Way:
        other = module.deployment.client("apigateway").create_api_key(name="other", enabled=True)
        return Way(
            module.deployment.api_url,
            tenants={"acme": keys["web"], "labs": keys["job"]},
            refused={
                "nobody": (sends(), *UNAUTHORIZED),
                "the key of before": (bearer, *UNAUTHORIZED),
                "no key": (sends(x_api_key="x" * 30), *UNAUTHORIZED),
                "a key of another plan": (sends(x_api_key=other["value"]), *UNAUTHORIZED),
            },
            openai={"api_key": "unused", "default_headers": dict(keys["web"]("", "", b""))},
        )

    def test_no_authorizer_is_left(self, way: Way, module: Module) -> None:
        assert module.authorizers() == set()

    @pytest.mark.parametrize(
        ("name", "kind", "headers"),
        [
            ("slow", "RateLimited", {"retry-after": "1"}),
            ("little", "QuotaExceeded", {"retry-after": "3600", "x-should-retry": "false"}),
        ],
    )
    def test_a_key_has_a_rate_and_a_quota_of_its_own(
        self, way: Way, keys: Mapping[str, Prove], name: str, kind: str, headers: dict[str, str]
    ) -> None:
        assert call(keys[name], f"{way.url}/usage").status_code == 200

        refused = call(keys[name], f"{way.url}/usage")

        assert (refused.status_code, refused.json()["error"]["type"]) == (429, kind)
        assert headers.items() <= refused.headers.items()
        assert call(keys["job"], f"{way.url}/usage").status_code == 200


class TestSignatures(EveryWay):
    @pytest.fixture(scope="class")
    @classmethod
    def way(cls, module: Module, bearer: Prove) -> Way:
        account, door = Account(module.deployment), module.deployment.outputs["api"]["arn"]
        role, by_role = account.role(may=door)
        user, by_user = account.user(may=door)
        powerless, by_powerless = account.role(may=None)
        _, by_stranger = account.role(may=door)
        _, by_impostor = account.user(may=door, secret="wrong")
        module.apply(auth="IAM", tenants={role: "acme", user: "labs", powerless: "acme"})
        return Way(
            module.deployment.api_url,
            tenants={"acme": by_role, "labs": by_user},
            refused={
                "nobody": (sends(), *UNAUTHORIZED),
                "a wrong secret": (by_impostor, *UNAUTHORIZED),
                # The gateway has no response of its own for what is no signature, or of no key.
                "the key of before": (bearer, 403, "Refused"),
                "an unknown key": (Signs("AKIAIOSFODNN7EXAMPLE", "wrong"), 403, "Refused"),
                "a role without the right": (by_powerless, *FORBIDDEN),
                "no tenant's role": (by_stranger, *FORBIDDEN),
            },
            openai={"api_key": "unused"},
            signer=Signed(by_role),
        )

    def test_curl_signs_by_itself(self, way: Way) -> None:
        signs = way.tenants["acme"]
        assert isinstance(signs, Signs)
        done = subprocess.run(
            [
                *("curl", "--silent", "--show-error", "--fail-with-body", "--noproxy", "*"),
                *("--aws-sigv4", f"aws:amz:{REGION}:execute-api"),
                *("--user", f"{signs.key}:{signs.secret}"),
                *("--header", f"x-amz-security-token: {signs.token}", f"{way.url}/usage"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stdout + done.stderr
        assert "total" in json.loads(done.stdout)


class TestTokens(EveryWay):
    @pytest.fixture(scope="class")
    @classmethod
    def way(cls, module: Module, bearer: Prove) -> Way:
        pool, other = UserPool(module.deployment), UserPool(module.deployment)
        token = pool.token("acme")
        # A claim names its tenant itself, unless `tenants` knows better.
        module.apply(auth="COGNITO", user_pool_arns=[pool.arn], tenants={"team-7": "labs"})
        return Way(
            module.deployment.api_url,
            tenants={
                "acme": sends(authorization=token),
                "labs": sends(authorization=f"Bearer {pool.token('team-7')}"),
            },
            refused={
                "nobody": (sends(), *UNAUTHORIZED),
                "the key of before": (bearer, *UNAUTHORIZED),
                "another pool's user": (sends(authorization=other.token("acme")), *UNAUTHORIZED),
                "a changed claim": (
                    sends(authorization=forged(token)),
                    *UNAUTHORIZED,
                ),
                "no tenant's user": (sends(authorization=pool.token(None)), *FORBIDDEN),
            },
            openai={"api_key": token},
        )

    def test_its_authorizer_alone_is_there(self, way: Way, module: Module) -> None:
        assert module.authorizers() == {"COGNITO"}


def forged(token: str) -> str:
    """Return a token that names another tenant under the same signature."""
    header, claims, signature = token.split(".")
    text = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)).decode()
    changed = json.dumps({**json.loads(text), "custom:tenant": "labs"}).encode()
    return ".".join([header, base64.urlsafe_b64encode(changed).decode().rstrip("="), signature])
