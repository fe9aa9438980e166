"""Derives the tenant from the caller, never from the body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from router.ingress.api.errors import ApiError
from router.intake.identity import is_tenant

Auth = Literal["IAM", "API_KEY", "COGNITO", "AUTHORIZER"]

_ROLE_SESSION = re.compile(r"arn:([a-z-]+):sts::(\d+):assumed-role/([^/]+)/.*")


@dataclass(frozen=True, slots=True)
class Callers:
    """How callers prove who they are, and which tenant each of them is.

    ``tenants`` maps what proves the identity (role or user ARN, id of an API key, value of the
    claim) to a tenant. A claim and a key of the authorizer name their tenant themselves.
    """

    auth: Auth
    tenants: Mapping[str, str]
    default_tenant: str | None = None
    claim: str = "custom:tenant"

    @classmethod
    def from_json(cls, text: str) -> Callers:
        """Parse the module's JSON: ``{"auth", "tenants", "default_tenant", "claim"}``."""
        return cls(**json.loads(text))

    def tenant_of(self, context: Mapping[str, Any]) -> str:
        """Return the tenant for the ``requestContext`` of an event, or raise 403."""
        identity = _IDENTITY[self.auth](context, self.claim)
        tenant = self.tenants.get(identity) if identity else None
        if tenant is None and identity and self.auth in ("COGNITO", "AUTHORIZER"):
            tenant = identity
        tenant = tenant or self.default_tenant
        if tenant is None or not is_tenant(tenant):
            raise ApiError("Forbidden", "no tenant belongs to these credentials: ask for one")
        return tenant


def _role_or_user(context: Mapping[str, Any], _claim: str) -> str | None:
    arn = (context.get("identity") or {}).get("userArn")
    # A session's name is the caller's to choose; its role is not.
    session = _ROLE_SESSION.fullmatch(arn or "")
    return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}" if session else arn


def _key(context: Mapping[str, Any], _claim: str) -> str | None:
    return (context.get("identity") or {}).get("apiKeyId")


def _claimed(context: Mapping[str, Any], claim: str) -> str | None:
    return ((context.get("authorizer") or {}).get("claims") or {}).get(claim)


def _authorized(context: Mapping[str, Any], _claim: str) -> str | None:
    return (context.get("authorizer") or {}).get("tenant")


_IDENTITY = {"IAM": _role_or_user, "API_KEY": _key, "COGNITO": _claimed, "AUTHORIZER": _authorized}
