"""A session is its tenant's own; it decides no answer, and its limit may change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from router.errors import InvalidRequest
from router.intake.identity import payload_hash
from router.intake.session import Session, as_session_id
from tests.support.factories import request

ASKED = {"input": "hi", "session_id": "chat-7"}


def test_a_request_without_a_session_id_is_of_no_session() -> None:
    assert request().session is None


def test_a_session_belongs_to_the_tenant_of_its_requests() -> None:
    assert request(ASKED | {"tenant": "acme"}).session == Session("chat-7", "acme/chat-7")
    assert request(ASKED).session == Session("chat-7", "chat-7")


def test_the_most_that_a_session_may_cost_is_the_decimal_that_was_written() -> None:
    session = request(ASKED | {"session": {"max_cost_usd": 0.1}}).session

    assert session is not None
    assert session.max_usd == Decimal("0.1")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"session": {"max_cost_usd": 1}}, "`session` needs a `session_id`"),
        ({"session_id": "a/b"}, "`session_id` must match"),
        ({"session_id": "a#b"}, "`session_id` must match"),
        ({"session_id": "a", "session": {}}, "`session` must have `max_cost_usd`"),
    ],
)
def test_a_malformed_session_is_refused_with_what_to_write(
    changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidRequest, match=says):
        request({"input": "hi"} | changes)


def test_a_session_that_reached_its_limit_goes_on_with_a_higher_one() -> None:
    poor, rich = ({**ASKED, "session": {"max_cost_usd": most}} for most in (1, 2))

    assert payload_hash(poor) == payload_hash(rich)
    assert payload_hash(ASKED) != payload_hash(ASKED | {"session_id": "chat-8"})


@pytest.mark.parametrize("text", ["a/b", "käse", "x" * 129, "a b", "\ud800", "a,b"])
def test_what_cannot_be_an_id_becomes_a_hash_that_is_one(text: str) -> None:
    found = as_session_id(text)

    assert found == as_session_id(text)
    assert found != as_session_id(text + "x")
    assert request({"input": "hi", "session_id": found}).session
