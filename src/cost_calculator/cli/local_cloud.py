"""Finds the local cloud that ``make up`` left running in the checkout around the current folder."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import botocore.session

STATE = Path("build", "local", "cloud.json")
_LOOPBACK = ("127.0.0.1", "localhost")
_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class LocalCloud:
    """Its address and keys; both are in the file that ``make up`` writes."""

    url: str
    region: str
    key: str
    secret: str

    def session(self) -> boto3.Session:
        """Return a session without the user's own AWS settings."""
        core = botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        core.set_credentials(self.key, self.secret)
        return boto3.Session(botocore_session=core, region_name=self.region)


def find(start: Path | None = None) -> LocalCloud | None:
    """Return the local cloud of the checkout around ``start``, or ``None`` if none answers."""
    folder = (start or Path.cwd()).resolve()
    for each in (folder, *folder.parents):
        if (each / STATE).is_file():
            return _answering(each / STATE)
    return None


def _answering(state: Path) -> LocalCloud | None:
    try:
        env = json.loads(state.read_text(encoding="utf-8"))["env"]
        found = LocalCloud(
            env["AWS_ENDPOINT_URL"],
            env["AWS_REGION"],
            env["AWS_ACCESS_KEY_ID"],
            env["AWS_SECRET_ACCESS_KEY"],
        )
        address = urlsplit(found.url)
        if address.hostname not in _LOOPBACK:
            return None
        # A cloud that was killed leaves its file.
        with socket.create_connection((address.hostname, address.port or 80), _SECONDS):
            return found
    except (OSError, ValueError, KeyError, TypeError):
        return None
