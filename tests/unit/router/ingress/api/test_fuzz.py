"""Whatever a caller sends: no 5xx, a 4xx that says what to write, no run that cannot succeed."""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core import NotSet

from router.encoding import clean
from router.intake.request import parse_request
from tests.fakes.api import KEY, Aws, Client, answered
from tools.openapi import document

pytestmark = pytest.mark.slow

QUICK = settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
DOCUMENT = schemathesis.openapi.from_dict(document())
NAMES_A_PLACE = re.compile(r"`|request_id|body|query|header|prompt|text|path|no such request")
ASYNC = {"mode": "async"}
SURROGATE, NUL = "\ud83d", "\0"

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "sure": {"type": "number", "minimum": 0, "maximum": 1},
    },
    "required": ["city", "sure"],
    "additionalProperties": False,
}
LIMIT = 5_000
PROMPT = {
    "messages": [{"role": "user", "content": "Name a city."}],
    "system": "Be brief.",
    "max_tokens": 100,
    "tier": "SIMPLE",
    "response_schema": SCHEMA,
    "review": {"confidence_field": "sure"},
    "cache": True,
    "metadata": {"team": "a"},
}
CHAT = {
    "model": "auto",
    "messages": [
        {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
        {"role": "user", "content": "Name a city."},
    ],
    "max_completion_tokens": 100,
    "metadata": {"team": "a"},
    "user": "u-1",
    "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}},
    "temperature": 1,
}
FEEDBACK = {"feedback": "good", "note": "right"}
BODIES = [("/prompts", PROMPT), ("/chat/completions", CHAT), ("/prompts/r-1/feedback", FEEDBACK)]

DEEP: Any = "x"
for _ in range(500):
    DEEP = [DEEP]
ODD = [
    None, True, False, 0, -1, 1.5, 10**400, 1e308, "", " ", "x" * 3_000, SURROGATE, NUL, "a\nb",
    "../x", "%2e%2e%2f", "{% $states.input %}", "é" * 600, [], {}, [None], [[]], {"": None}, DEEP,
    {SURROGATE: "x"}, {NUL: "x"}, {"x" * 70_000: "x"}, {"a": {"a": SURROGATE}}, ["x", SURROGATE],
]  # fmt: skip
ODD_HEADERS = ["", " ", "a b", "x" * 81, "x" * 9_000, "é", "a/b", "../r", "r-1,r-2", "{}", NUL]
NO_NUMBERS = (float("nan"), float("inf"), -float("inf"))
RAW = [
    *(json.dumps({"input": "x", "response_schema": SCHEMA | {"default": n}}) for n in NO_NUMBERS),
    "", " ", "{", "}", "null", "true", "1", '"x"', "[]", "[" * 100_000, '{"a":' * 5_000, "NaN",
    '{"input": NaN}', '{"input": "x", "max_tokens": 1e999}', "\ufeff{}", "<xml/>", "input=x",
    '{"input": "x"} {"input": "y"}', '{"input": "\\ud800", "metadata": {"a": "\\u0000"}}',
    '{"input": "x", "input": 1}', "9" * 5_000, "x" * 3_000_000, NUL, '{"input": "\\x"}',
]  # fmt: skip


class StrictAws(Aws):
    """Starts only what the analysis would accept, and what Step Functions and DynamoDB can hold."""

    def start(self, name: str, payload: str) -> Any:
        assert len(name) <= 80
        given = json.loads(payload.encode(), parse_constant=lambda _: pytest.fail("no JSON"))
        request = parse_request(given, execution_name=name, input_bytes_limit=LIMIT)
        kept = [dict(request.metadata), dict(request.given), list(request.messages), request.system]
        json.dumps(kept, ensure_ascii=False).encode()
        return super().start(name, payload)

    def judge(self, key: str, verdict: str, by: str, note: str) -> Any:
        assert clean(note) == note
        assert len(note.encode()) <= 1_000
        return super().judge(key, verdict, by, note)


@pytest.fixture(scope="module")
def client() -> Client:
    aws = StrictAws(rows={KEY: answered("r-1", cost_status="PRICED")})
    return Client(aws, changes={"input_bytes_limit": LIMIT})


def in_our_words(answer: dict[str, Any]) -> dict[str, Any]:
    """The error of an answer, whichever protocol it is told in."""
    error = dict(answer.get("error") or {})
    for name in ("code", "param"):  # OpenAI's own
        error.pop(name, None)
    if answer.get("type") == "error":  # Anthropic's
        error["request_id"] = answer["request_id"]
        kind, _, message = error["message"].partition(": ")
        error |= {"type": kind, "message": message}
    return error


def check(client: Client, method: str, path: str, body: Any = None, **sent: Any) -> int:
    status, answer, _ = client.call(method, path, body, **sent)
    told = in_our_words(answer)
    assert status < 500, told
    json.dumps(answer, ensure_ascii=False).encode()
    if status >= 400:
        assert set(told) == {"type", "message", "request_id"}
        assert NAMES_A_PLACE.search(told["message"]), told
        assert "send it again" not in told["message"] or told["type"] == "FeedbackRefused", told
        assert len(told["message"]) < 1_500
        assert len(told["request_id"]) <= 80
    return status


def changed(body: Any, odd: Any) -> Iterator[Any]:
    """Yield a body with the odd value in each place, at each depth, and under one more name."""
    yield odd
    if isinstance(body, dict):
        yield {**body, "more": odd}
        for name, value in body.items():
            yield from ({**body, name: other} for other in changed(value, odd))
    if isinstance(body, list):
        for place, value in enumerate(body):
            yield from ([*body[:place], other, *body[place + 1 :]] for other in changed(value, odd))


@pytest.mark.parametrize(("path", "body"), BODIES)
def test_the_bodies_that_are_changed_here_are_taken(client: Client, path: str, body: Any) -> None:
    query = ASYNC if path == "/prompts" else None

    # Nothing ends the run of a completion here.
    assert client.call("POST", path, body, query=query)[0] in (200, 202, 504)


@pytest.mark.parametrize(("path", "body"), BODIES)
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: ascii(odd)[:20])
def test_odd_values_in_any_place_of_a_body(client: Client, path: str, body: Any, odd: Any) -> None:
    named = [{**body, name: odd} for name in ("request_id", "tenant", "rerun")]
    for sent in [*changed(copy.deepcopy(body), odd), *named]:
        if path == "/chat/completions":
            check_chat(client, sent)
        else:
            check(client, "POST", path, sent, query=ASYNC if path == "/prompts" else None)


def check_chat(client: Client, body: Any, **sent: Any) -> None:
    """As ``check``; a completion that was started would be waited for, and is a 504 at last."""
    status, answer, _ = client.call("POST", "/chat/completions", body, **sent)
    if status != 504:
        check(client, "POST", "/chat/completions", body, **sent)
    else:
        assert answer["error"]["type"] == "NotAnsweredYet"


@pytest.mark.parametrize("path", [path for path, _ in BODIES])
@pytest.mark.parametrize("text", RAW, ids=lambda text: ascii(text)[:20])
def test_text_that_is_no_request(client: Client, path: str, text: str) -> None:
    query = ASYNC if path == "/prompts" else None
    for content_type in ("application/json", "text/plain", "multipart/form-data", "", "x" * 500):
        check(client, "POST", path, text, query=query, headers={"content-type": content_type})
    check(client, "POST", path, query=query, event={"body": None})
    for encoded in (text[:1000], base64.b64encode(b"\xff\xfe{").decode(), "%%%"):
        event = {"body": encoded, "isBase64Encoded": True}
        check(client, "POST", path, query=query, event=event)


@pytest.mark.parametrize("key", ODD_HEADERS, ids=lambda key: ascii(key)[:20])
def test_odd_idempotency_keys(client: Client, key: str) -> None:
    headers = {"Idempotency-Key": key, "Prefer": "wait=1000000", "X-Odd": key}

    assert check(client, "POST", "/chat/completions", CHAT, headers=headers) == 400


def test_a_key_twice_is_refused_unless_it_is_the_same(client: Client) -> None:
    headers = {"multiValueHeaders": {"idempotency-key": ["k-1"], "Idempotency-Key": ["k-2"]}}

    assert check(client, "POST", "/chat/completions", CHAT, event=headers) == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/prompts"),
        ("GET", "/usage"),
        ("GET", "/prompts/r-1"),
        ("POST", "/chat/completions"),
    ],
)
def test_odd_queries_and_no_headers_at_all(client: Client, method: str, path: str) -> None:
    body = {"input": "x"} if path == "/prompts" else None
    for text in ["", "x" * 5_000, SURROGATE, NUL, "async'", "1e9d", "-1d", "٣d", "99999999999h"]:
        for name in ("mode", "since", "by", "", SURROGATE, "x" * 5_000):
            check(client, method, path, body, query={name: text})
            lists = {"multiValueQueryStringParameters": {name: [text, text]}}
            check(client, method, path, body, event=lists)
    nothing = {"headers": None, "multiValueHeaders": None, "queryStringParameters": None}
    check(client, "GET", "/usage", event=nothing)


@pytest.mark.parametrize("odd", [each for each in (*ODD, *ODD_HEADERS) if isinstance(each, str)])
def test_odd_ids_in_a_path_are_nobodys(client: Client, odd: str) -> None:
    for name in (odd, quote(odd.encode("utf-8", "surrogatepass")), f"{odd}%00", f"%ff{odd}", "%"):
        path = f"/prompts/{name}"
        if name.strip("/"):
            assert check(client, "GET", path) == 404
        assert check(client, "POST", f"{path}/feedback", FEEDBACK) == 404


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(
    "label", [f"{v.upper()} {p}" for p, vs in document()["paths"].items() for v in vs]
)
def test_what_the_document_describes_and_what_it_rules_out(
    client: Client, label: str, mode: GenerationMode
) -> None:
    method, path = label.split(" ")

    @QUICK
    @given(DOCUMENT[path][method].as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case) -> None:
        body = None if isinstance(case.body, NotSet) else case.body
        body = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        query = {str(name): str(value) for name, value in dict(case.query or {}).items()}
        headers = {str(name): str(value) for name, value in dict(case.headers or {}).items()}
        sent = {"query": query, "headers": headers}
        if path == "/prompts":
            sent["query"] = ASYNC | query
        if path == "/chat/completions":
            check_chat(client, body, **sent)
        else:
            check(client, method, case.formatted_path, body, **sent)

    send()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize("path", [path for path, _ in BODIES])
@QUICK
@given(body=JSON)
def test_any_json_at_all(client: Client, path: str, body: Any) -> None:
    query = ASYNC if path == "/prompts" else None

    assert 400 <= check(client, "POST", path, json.dumps(body), query=query) < 500
