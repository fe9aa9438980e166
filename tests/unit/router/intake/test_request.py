from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.encoding import is_deeper
from router.errors import InvalidRequest
from router.intake.identity import requested_id
from router.intake.request import parse_request
from tests.support.factories import request


def test_input_becomes_the_users_turn() -> None:
    assert request({"input": "hi"}).messages == ({"role": "user", "content": "hi"},)


def test_without_a_request_id_the_executions_name_is_the_id() -> None:
    assert request({"input": "hi"}, name="nightly-7").request_id == "nightly-7"
    assert request({"input": "hi", "request_id": "mine"}, name="nightly-7").request_id == "mine"


@pytest.mark.parametrize(
    ("payload", "known_as"),
    [
        ({"request_id": "mine"}, "mine"),
        ({"input": "hi"}, "nightly-7"),
        ({"request_id": "a prompt, in the wrong place"}, "nightly-7"),
        ({"request_id": 7}, "nightly-7"),
        ("hello", "nightly-7"),
    ],
)
def test_in_logs_a_request_goes_by_its_id_or_by_its_execution(payload: Any, known_as: str) -> None:
    assert requested_id(payload, "nightly-7") == known_as


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ("hello", "the request must be an object"),
        ({}, "either `input` (a string) or `messages` (a list)"),
        ({"input": "a", "messages": [{"role": "user", "content": "b"}]}, "either `input`"),
        ({"input": 7}, "`input` must be a string, not an integer"),
        ({"input": ""}, "`input` must not be empty"),
        ({"input": " \n"}, "more than white space"),
        ({"input": "a", "prompt": "b"}, "unknown field `prompt`; known are input, messages"),
        ({"input": "a", "endpoint": "https://evil.example"}, "unknown field `endpoint`"),
        ({"input": "a", "tier": "the cheap one"}, "`tier` must match"),
        ({"input": "a", "max_tokens": 0}, "`max_tokens` must be at least 1"),
        ({"input": "a", "max_tokens": True}, "`max_tokens` must be an integer, not a boolean"),
        ({"input": "a", "request_id": "a b"}, "`request_id` must match"),
        ({"input": "a", "request_id": "a\n"}, "`request_id` must match"),
        ({"input": "a", "tenant": "x#y"}, "`tenant` must match"),
        ({"messages": [{"role": "robot", "content": "a"}]}, "`messages[0].role` must be one of"),
        ({"messages": [{"role": "system", "content": "a"}]}, "must hold a turn of role user"),
        ({"messages": [{"role": "user"}]}, "`messages[0].content` must be a text"),
        (
            {"messages": [{"role": "assistant", "content": "a"}]},
            "must end with a turn of role user",
        ),
    ],
)
def test_bad_input_is_refused_with_the_field_and_the_cure(payload: Any, says: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        request(payload)

    assert says in str(refused.value)


def test_a_refusal_never_quotes_the_prompt() -> None:
    with pytest.raises(InvalidRequest) as refused:
        request({"input": {"secret": "launch code 42"}, "launch code 42 in a name": 1})

    assert "launch" not in str(refused.value)


def test_the_size_limit_counts_bytes_not_characters() -> None:
    emoji = {"input": "🙂" * 100}
    parse_request(emoji, execution_name="run", input_bytes_limit=500)

    with pytest.raises(InvalidRequest, match=r"takes \d+ bytes and may take 400"):
        parse_request(emoji, execution_name="run", input_bytes_limit=400)


def test_nul_and_lone_surrogates_are_removed_and_said() -> None:
    odd = request({"input": json.loads('"a\\u0000b\\ud800c"')})

    assert odd.messages[0]["content"] == "ab\ufffdc"
    assert odd.text_altered


@pytest.mark.parametrize(
    "text",
    ["{% $x %}", "$.x", "{{ a }}", "a\x7fb", "\U0001f469\u200d\U0001f467", "\u202ertl", '"}]'],
)
def test_all_other_text_stays_as_it_is(text: str) -> None:
    kept = request({"input": text})

    assert kept.messages[0]["content"] == text
    assert not kept.text_altered


@given(st.text(alphabet=st.characters(), min_size=1).filter(lambda text: text.strip("\0 ").strip()))
def test_any_text_is_either_kept_or_marked_altered(text: str) -> None:
    parsed = request({"input": text}) if text.replace("\0", "").strip() else None
    if parsed is None:
        return

    sent = parsed.messages[0]["content"]
    sent.encode("utf-8")
    assert parsed.text_altered == (sent != text)


def test_the_payload_hash_ignores_the_id_and_the_order_of_fields_and_nothing_else() -> None:
    first = request({"input": "a", "tenant": "t", "request_id": "x"})
    same = request({"tenant": "t", "input": "a", "request_id": "y"})
    other = request({"input": "a", "tenant": "u"})

    assert first.payload_hash == same.payload_hash != other.payload_hash


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"metadata": {"a": "x\ud800"}}, "`metadata.a` holds NUL or a lone surrogate"),
        ({"metadata": {"a": "x\0"}}, "`metadata.a` holds NUL"),
        ({"metadata": {"\ud800": "x"}}, "`metadata` has a name that holds NUL or a lone surrogate"),
        ({"metadata": {"x" * 65: "x"}}, "names of 1 to 64 characters"),
        ({"metadata": {"": "x"}}, "names of 1 to 64 characters"),
        ({"metadata": {"x y" * 9: 1}}, r"`metadata.\(a long or odd name\)` must be a string"),
        ({"response_schema": {"type": "object", "title": "\ud800"}}, "`response_schema.title`"),
        ({"review": {"confidence_field": "\0"}}, "`review.confidence_field`"),
    ],
)
def test_what_no_table_takes_is_refused_by_the_name_of_its_field(
    more: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidRequest, match=said):
        request({"input": "a", **more})


def test_metadata_counts_with_its_names_against_the_limit() -> None:
    payload = {"input": "a", "metadata": {"n" * 60: "v" * 200}}
    parse_request(payload, execution_name="run", input_bytes_limit=400)

    with pytest.raises(InvalidRequest, match=r"may take 300: shorten it.*metadata counts"):
        parse_request(payload, execution_name="run", input_bytes_limit=300)


def nested(levels: int) -> Any:
    return [nested(levels - 1)] if levels else "x"


@pytest.mark.parametrize("levels", [63, 330])
def test_deep_nesting_is_refused_before_anything_walks_through_it(levels: int) -> None:
    schema = {"type": "object", "const": nested(levels)}  # two levels deep where it begins

    with pytest.raises(InvalidRequest, match="nested more than 64 levels deep"):
        request({"input": "a", "response_schema": schema})


def test_nesting_is_counted_in_arrays_and_objects() -> None:
    assert not is_deeper(nested(64), 64)
    assert is_deeper({"a": nested(64)}, 64)
    assert not is_deeper("x", 0)
