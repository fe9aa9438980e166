"""A document that changed: from the event that tells of it to the run that handles it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from router.errors import InvalidRequest
from router.workflows.run import Run, run_of

NAME = "documents"
_FIELDS = ("id", "key", "version")


@dataclass(frozen=True, slots=True)
class Change:
    """A run of this workflow: the document with this key has changed; ``version`` names how."""

    run: Run
    key: str
    version: str
    source: str


def input_of(event: Mapping[str, Any]) -> dict[str, str]:
    """Return a run's input from S3's event, by way of EventBridge.

    Its ``id`` follows from bucket, key and version, so that an event that comes twice is one run.
    """
    detail = event["detail"]
    found = detail["object"]
    # A bucket without versions has none; then the place in the order of events tells them apart.
    version = str(found.get("version-id") or found.get("sequencer") or found.get("etag", ""))
    name = "\n".join((detail["bucket"]["name"], found["key"], version))
    digest = hashlib.sha256(name.encode()).hexdigest()[:32]
    return {"id": f"document-{digest}", "key": found["key"], "version": version}


def parse(given: Any, execution_name: str, folder: str) -> Change:
    """Return the run in an execution's input, or raise ``InvalidRequest`` with what to write."""
    if not isinstance(given, dict) or not isinstance(given.get("key"), str):
        raise InvalidRequest('the input must be an object with the `key` of a document: {"key": …}')
    if unknown := given.keys() - set(_FIELDS):
        raise InvalidRequest(
            f"the input may have {', '.join(_FIELDS)}, and has {len(unknown)} more"
        )
    source = given["key"].removeprefix(folder)
    if not source or source == given["key"]:
        raise InvalidRequest(f"`key` must name an object below {folder}")
    return Change(
        run_of(NAME, given, execution_name), given["key"], str(given.get("version", "")), source
    )
