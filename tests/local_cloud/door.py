"""The tests' way through the HTTP door: a key for a tenant, and calls with it."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import requests

from local.deployment import Deployment
from router.cli import registry
from tests.support.patience import HANGS_SECONDS

WAIT = 60


@dataclass(frozen=True, slots=True)
class Door:
    """One tenant's key for the deployed API."""

    url: str
    key: str

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        data: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False  # a proxy variable must not stand between us and loopback
            return session.request(
                method,
                self.url + path,
                json=body,
                data=data,
                headers={"authorization": f"Bearer {self.key}", **(headers or {})},
                timeout=HANGS_SECONDS,
            )


def door_of(deployment: Deployment, tenant: str) -> Door:
    """Make a key as an operator would, and return the door it opens."""
    return Door(deployment.api_url, command(deployment, "create", "--tenant", tenant))


def command(deployment: Deployment, *words: str) -> str:
    """Run ``faregate keys`` on the deployment; return what it printed."""
    return operate(deployment, "keys", *words)


def operate(deployment: Deployment, *words: str) -> str:
    """Run ``faregate`` on the deployment as its operator; return what it printed."""
    printed = io.StringIO()
    as_operator = patch.dict(os.environ, deployment.cloud.env())
    with as_operator, contextlib.redirect_stdout(printed):
        assert registry.main([*words]) == 0
    return printed.getvalue().strip()
