"""Clients name their sessions in many ways: each is found, the most explicit first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from router.ingress.protocols.sessions import session_in

UUID = "5f0f2f2e-9f0c-4f6e-8a56-0d6f7c1f2a3b"
CLAUDE_CODE = f"user_{'a1' * 32}_account_{UUID}_session_{UUID}"


@pytest.mark.parametrize(
    ("body", "header", "found"),
    [
        ({}, None, None),
        ({}, "h-1", "h-1"),
        ({"metadata": {"session_id": "m-1"}}, None, "m-1"),
        ({"metadata": {"user_id": CLAUDE_CODE}}, None, UUID),
        ({"metadata": {"user_id": f"user_{'a1' * 32}_account__session_{UUID}"}}, None, UUID),
        ({"metadata": {"user_id": json.dumps({"session_id": UUID})}}, None, UUID),
        ({"prompt_cache_key": "k-1"}, None, "k-1"),
    ],
)
def test_a_session_is_found_where_a_client_names_it(
    body: dict[str, Any], header: str | None, found: str | None
) -> None:
    assert session_in(body, header) == found


def test_the_most_explicit_name_counts() -> None:
    metadata = {"session_id": "m-1", "user_id": CLAUDE_CODE}
    body = {"metadata": metadata, "prompt_cache_key": "k-1"}

    assert session_in(body, "h-1") == "h-1"
    assert session_in(body, None) == "m-1"
    del metadata["session_id"]
    assert session_in(body, None) == UUID


@pytest.mark.parametrize(
    "body",
    [
        {"metadata": {"user_id": "user-17"}},
        {"metadata": {"user_id": '{"session_id": 7}'}},
        {"metadata": {"session_id": ["x"]}},
        {"metadata": "text", "prompt_cache_key": ""},
    ],
)
def test_what_names_no_session_is_no_error(body: dict[str, Any]) -> None:
    assert session_in(body, " ") is None


def test_a_key_that_cannot_be_an_id_stands_for_itself_as_a_hash() -> None:
    found = session_in({"prompt_cache_key": "team a/repo"}, None)

    assert found is not None
    assert found.startswith("s-")
