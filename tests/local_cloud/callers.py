"""Callers of the HTTP door and what proves who they are: roles, users, tokens of a user pool."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.cloud import REGION
from local.deployment import Deployment
from tests.support.patience import HANGS_SECONDS

_ACCOUNT = "000000000000"
_PASSWORD = "Correct-horse-7"

Prove = Callable[[str, str, bytes], Mapping[str, str]]
"""Method, URL and body of a call, to the headers that prove who calls."""


def sends(**headers: str) -> Prove:
    """What the same headers prove each time."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda *_: named


@dataclass(frozen=True, slots=True)
class Signs:
    """What Signature Version 4 proves."""

    key: str
    secret: str
    token: str | None = None

    def __call__(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        request = AWSRequest(method, url, data=body)
        credentials = Credentials(self.key, self.secret, self.token)
        SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
        return dict(request.headers)


def call(prove: Prove, url: str, body: Any = None) -> requests.Response:
    """GET, or POST a body."""
    method = "GET" if body is None else "POST"
    data = b"" if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", **prove(method, url, data)}
    with requests.Session() as session:
        session.trust_env = False  # a proxy variable must not stand between us and loopback
        return session.request(method, url, data=data, headers=headers, timeout=HANGS_SECONDS)


class Signed(httpx2.Auth):
    """The same for OpenAI's client, whose own Authorization header makes room."""

    requires_request_body = True

    def __init__(self, signs: Signs) -> None:
        self._signs = signs

    def auth_flow(self, request: Any) -> Any:
        del request.headers["authorization"]
        request.headers.update(self._signs(request.method, str(request.url), request.content))
        yield request


@dataclass(frozen=True, slots=True)
class Account:
    """Makes roles and users that may call the door, or may not."""

    deployment: Deployment

    def role(self, *, may: str | None) -> tuple[str, Signs]:
        """Return a new role's ARN without its path, and what its session proves."""
        iam, name = self.deployment.client("iam"), f"caller-{uuid.uuid4().hex[:8]}"
        root = {"AWS": f"arn:aws:iam::{_ACCOUNT}:root"}
        trust = {"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}
        role = iam.create_role(
            RoleName=name, Path="/teams/web/", AssumeRolePolicyDocument=_policy(trust)
        )["Role"]
        if may:
            iam.put_role_policy(RoleName=name, PolicyName="door", PolicyDocument=_invoke(may))
        session = self.deployment.client("sts").assume_role(
            RoleArn=role["Arn"], RoleSessionName="a-name-of-the-callers-choice"
        )["Credentials"]
        proof = (session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
        return f"arn:aws:iam::{_ACCOUNT}:role/{name}", Signs(*proof)

    def user(self, *, may: str, secret: str | None = None) -> tuple[str, Signs]:
        """Return a new user's ARN, and what its access key proves, or another secret with it."""
        iam, name = self.deployment.client("iam"), f"caller-{uuid.uuid4().hex[:8]}"
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        iam.put_user_policy(UserName=name, PolicyName="door", PolicyDocument=_invoke(may))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return arn, Signs(key["AccessKeyId"], secret or key["SecretAccessKey"])


def _invoke(arn: str) -> str:
    return _policy({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": arn})


def _policy(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class UserPool:
    """A user pool whose users cannot write the claim that names their tenant."""

    def __init__(self, deployment: Deployment) -> None:
        self._client = deployment.client("cognito-idp")
        pool = self._client.create_user_pool(
            PoolName=f"users-{uuid.uuid4().hex[:8]}",
            Schema=[{"Name": "tenant", "AttributeDataType": "String", "Mutable": True}],
        )["UserPool"]
        self.arn, self._id = str(pool["Arn"]), pool["Id"]
        self._application = self._client.create_user_pool_client(
            UserPoolId=self._id,
            ClientName="application",
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
        )["UserPoolClient"]["ClientId"]

    def token(self, tenant: str | None) -> str:
        """Return the identity token of a new user who has signed in."""
        name = f"user-{uuid.uuid4().hex[:8]}"
        claim = [{"Name": "custom:tenant", "Value": tenant}] if tenant else []
        self._client.admin_create_user(UserPoolId=self._id, Username=name, UserAttributes=claim)
        self._client.admin_set_user_password(
            UserPoolId=self._id, Username=name, Password=_PASSWORD, Permanent=True
        )
        signed_in = self._client.admin_initiate_auth(
            UserPoolId=self._id,
            ClientId=self._application,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": _PASSWORD},
        )
        return str(signed_in["AuthenticationResult"]["IdToken"])
