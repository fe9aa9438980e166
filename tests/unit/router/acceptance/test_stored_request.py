"""A request that is kept in S3: its rows, its plan, its call and its rerun have the address."""

from __future__ import annotations

import json
from typing import Any

import pytest

from router.acceptance.accept import accept
from router.acceptance.ports import Execution
from router.errors import InvalidModelRequest, InvalidRequest, StoreUnavailable, Unreachable
from router.feedback import label
from router.intake.identity import Identity, payload_hash
from router.intake.stored_payload import INLINE_BYTES, travelling
from router.intake.uploads import upload_of
from router.invocation.stored_input import with_input
from router.operations.rerun import _asked
from router.providers.call_json import call_from_json
from tests.support.dependencies import accept_store, dependencies
from tests.support.desk import new_tables
from tests.support.factories import config

TEXT = "Explain this log line by line. " + "word " * 80_000
PAYLOAD = {"input": TEXT, "tenant": "acme", "tools": [
    {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}},
]}  # fmt: skip
IDENTITY = Identity("acme", "r-1", payload_hash(PAYLOAD))
RUN = Execution("arn:run-1", "run-1")
LIMITS = {"input_bytes": 1_000_000}


class Bucket(dict[str, bytes]):
    def keep(self, key: str, body: bytes) -> str:
        address = f"s3://answers-1/requests/{key}/kept.json"
        self[address] = body
        return address


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def pointer(bucket: Bucket) -> dict[str, Any]:
    found: dict[str, Any] = dict(travelling(PAYLOAD, IDENTITY, bucket.keep))
    return found


@pytest.fixture
def store() -> Any:
    return accept_store(new_tables())


def accepted(pointer: Any, bucket: Bucket, store: Any) -> dict[str, Any]:
    return accept(pointer, RUN, config(limits=LIMITS), dependencies(store, stored=bucket.get))


def test_a_large_request_is_accepted_and_no_row_and_no_state_holds_its_text(
    bucket: Bucket, pointer: dict[str, Any], store: Any
) -> None:
    plan = accepted(pointer, bucket, store)

    rows = store.rows_of("acme/r-1")
    assert rows["REQUEST"]["payload_hash"] == IDENTITY.payload_hash
    assert rows["REQUEST"]["input_bytes"] > len(TEXT)
    assert rows["CONTENT"]["input_s3"] == pointer["payload_s3"]
    assert not {"input", "options"} & rows["CONTENT"].keys()
    assert len(json.dumps(plan)) < 5_000


def test_the_call_has_the_whole_conversation_again(
    bucket: Bucket, pointer: dict[str, Any], store: Any
) -> None:
    plan = accepted(pointer, bucket, store)

    call = with_input(call_from_json(plan["call"]), bucket.get)

    assert call.conversation.turns[0].text == TEXT
    assert [tool.name for tool in call.conversation.tools] == ["look"]


def test_the_http_task_never_makes_a_call_whose_text_is_elsewhere(
    bucket: Bucket, pointer: dict[str, Any], store: Any
) -> None:
    tiers = json.loads(json.dumps({
        name: {"provider": "openai", "model": "gpt-6-luna", "max_tokens": 500}
        for name in ("SIMPLE", "CALCULATION", "COMPLEX")
    }))  # fmt: skip
    settings = config(limits=LIMITS, tiers=tiers)

    plan = accept(pointer, RUN, settings, dependencies(store, stored=bucket.get))

    assert plan["via"] == "lambda"


def test_a_payload_that_is_gone_fails_its_call_and_s3_down_is_asked_again(
    bucket: Bucket, pointer: dict[str, Any], store: Any
) -> None:
    call = call_from_json(accepted(pointer, bucket, store)["call"])

    def down(_address: str) -> bytes:
        raise StoreUnavailable("SlowDown")

    with pytest.raises(InvalidModelRequest, match="gone"):
        with_input(call, lambda _address: None)
    with pytest.raises(Unreachable, match="SlowDown"):
        with_input(call, down)


def test_a_failed_request_runs_again_from_where_it_is_kept(
    bucket: Bucket, pointer: dict[str, Any], store: Any
) -> None:
    accepted(pointer, bucket, store)
    rows = store.rows_of("acme/r-1")

    class NoHistory:
        def input_of(self, _arn: str) -> None:
            return None

    asked = _asked(rows["REQUEST"], rows["CONTENT"], NoHistory())  # type: ignore[arg-type]

    assert asked is not None
    assert asked.source == "stored text"
    assert asked.payload["payload_s3"] == pointer["payload_s3"]
    assert IDENTITY.is_same(asked.payload)


def test_a_large_prompt_makes_no_label(bucket: Bucket, pointer: Any, store: Any) -> None:
    accepted(pointer, bucket, store)

    rows = store.rows_of("acme/r-1")

    assert "too large" in str(label(rows["REQUEST"], rows["CONTENT"]))


def test_an_input_that_leaves_a_state_no_room_is_refused_before_it_has_a_row(store: Any) -> None:
    given = {"input": "x" * INLINE_BYTES, "tenant": "acme", "request_id": "r-1"}

    with pytest.raises(InvalidRequest, match="payload_s3"):
        accepted(given, Bucket(), store)
    assert store.rows_of("acme/r-1") == {}


def naming(*addresses: str, **facts: Any) -> dict[str, Any]:
    parts = [{"type": "file", "file": {"file_data": each, **facts}} for each in addresses]
    text = {"type": "text", "text": "What does it conclude?"}
    messages = [{"role": "user", "content": [text, *parts]}]
    return {"messages": messages, "tenant": "acme", "request_id": "r-1"}


def uploaded(bucket: Bucket, tenant: str = "acme", *, pages: int = 3, more: bytes = b"") -> str:
    content = b"%PDF-1.7 " + b"/Type /Page " * pages + more
    path, _ = upload_of(tenant, "report.pdf", content)
    bucket[f"s3://answers-1/{path}"] = content
    return f"s3://answers-1/{path}"


def test_a_file_travels_as_its_facts_and_the_call_has_its_bytes(bucket: Bucket, store: Any) -> None:
    address = uploaded(bucket)

    plan = accepted(naming(address, size=1, pages=999), bucket, store)

    [known] = call_from_json(plan["call"]).conversation.media
    [sent] = with_input(call_from_json(plan["call"]), bucket.get).conversation.media
    assert (known.media.pages, known.media.size) == (3, len(bucket[address]))
    assert known.media.data is None
    assert sent.media.bytes == bucket[address]
    # 3 pages count as text, and as pictures of 1,533 tokens.
    assert store.rows_of("acme/r-1")["REQUEST"]["input_bytes"] > 4 * 3 * 1_533


def test_another_tenants_file_is_refused_before_there_is_a_row(bucket: Bucket, store: Any) -> None:
    address = uploaded(bucket, "other")

    with pytest.raises(InvalidRequest, match="no such upload of yours"):
        accepted(naming(address), bucket, store)
    assert store.rows_of("acme/r-1") == {}


def test_files_that_no_provider_of_the_plan_takes_are_refused_with_the_limit(
    bucket: Bucket, store: Any
) -> None:
    addresses = [uploaded(bucket, more=bytes([n])) for n in range(6)]

    with pytest.raises(InvalidRequest, match=r"6 documents \(at most 5\)"):
        accept(
            naming(*addresses) | {"tier": "COMPLEX"}, RUN, config(limits=LIMITS),
            dependencies(store, stored=bucket.get),
        )  # fmt: skip


def test_a_file_in_a_stored_request_is_read_as_well(bucket: Bucket, store: Any) -> None:
    payload = naming(uploaded(bucket))
    payload["messages"][0]["content"][0]["text"] = TEXT
    identity = Identity("acme", "r-1", payload_hash(payload))

    plan = accepted(dict(travelling(payload, identity, bucket.keep)), bucket, store)
    call = with_input(call_from_json(plan["call"]), bucket.get)

    [sent] = call.conversation.media
    assert sent.media.bytes.startswith(b"%PDF")
