from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cost_calculator.aws.items import from_item, to_item
from cost_calculator.row_keys import folder_of
from cost_calculator.rows import Row
from router.aws.erasure_store import TextStore
from router.operations.erase import Forgotten, forget_request, forget_tenant
from tests.support.desk import new_tables
from tests.support.factories import AT, accepted
from tests.support.tables import USAGE

BUCKET = "answers-1"
SECRET = "the launch code"


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """A bucket that keeps old versions, as the deployed one does: moto's take long to make."""
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield client


@pytest.fixture
def texts(s3: Any) -> Iterator[TextStore]:
    tables: Any = new_tables()
    texts = TextStore(tables, USAGE, s3, BUCKET)
    yield texts
    texts.delete_objects(texts.objects_of(""))


def put(texts: TextStore, row: Row) -> None:
    texts._client.put_item(TableName=USAGE, Item=to_item(row))


def request_with_texts(texts: TextStore, request_id: str = "r-1", **changes: Any) -> None:
    """Store a request with a text in every place there is."""
    put(texts, accepted(**{
        "request_id": request_id, "status": "SUCCEEDED", "metadata": {"user": SECRET},
        "cache_key": f"CACHE#{request_id}", "output_s3": "s3://…", "confidence": 1, **changes,
    }))  # fmt: skip
    put(texts, {"request_id": request_id, "item": "CONTENT", "input": SECRET, "output": SECRET})
    put(texts, {"request_id": request_id, "item": "ANSWER", "output": SECRET})
    put(texts, {"request_id": f"CACHE#{request_id}", "item": "CONTENT", "output": SECRET,
                "source": request_id})  # fmt: skip
    put(texts, {"request_id": request_id, "item": "ATTEMPT#01", "cost_usd": 1, "draft_s3": "s3://…",
                "cost_status": "PRICED"})  # fmt: skip
    put(texts, {"request_id": request_id, "item": "REVIEW", "note": SECRET, "reviewer": "ann"})
    for folder in ("answers", "drafts"):
        for body in (SECRET, SECRET + "!"):
            key = f"{folder}/{folder_of(request_id)}/a.txt"
            texts._s3.put_object(Bucket=BUCKET, Key=key, Body=body.encode())


def everything(texts: TextStore) -> str:
    tables: Any = texts._client
    rows = [from_item(item) for item in tables.rows(USAGE)]
    versions = texts._s3.list_object_versions(Bucket=BUCKET).get("Versions", [])
    return str([rows, [version["Key"] for version in versions]])


def test_no_text_of_a_request_is_left_anywhere_and_its_money_stands(texts: TextStore) -> None:
    request_with_texts(texts)

    done = forget_request(texts, "r-1", AT)

    assert done == Forgotten(requests=1, contents=1, kept_answers=1, objects=4)
    left = everything(texts)
    assert SECRET not in left
    assert "r-1/a.txt" not in left
    rows = texts.rows_of("r-1")
    assert rows["REQUEST"]["forgotten_at"] == "2026-11-21T10:00:00.000Z"
    assert not {"metadata", "output_s3", "cache_key"} & rows["REQUEST"].keys()
    assert rows["ATTEMPT#01"]["cost_usd"] == 1
    assert rows["REVIEW"]["reviewer"] == "ann"


def test_forgetting_twice_changes_nothing_more(texts: TextStore) -> None:
    request_with_texts(texts)
    forget_request(texts, "r-1", AT)
    before = everything(texts)

    assert forget_request(texts, "r-1", AT) == Forgotten(requests=1)
    assert everything(texts) == before


def test_what_an_earlier_try_left_is_removed_by_the_next(
    texts: TextStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_with_texts(texts)

    def killed(_request_id: str, _item: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(texts, "delete_row", killed)
        with pytest.raises(KeyboardInterrupt):
            forget_request(texts, "r-1", AT)
    assert "forgotten_at" not in texts.rows_of("r-1")["REQUEST"]

    forget_request(texts, "r-1", AT)

    assert SECRET not in everything(texts)


def test_a_rehearsal_counts_the_same_and_removes_nothing(texts: TextStore) -> None:
    request_with_texts(texts)
    before = everything(texts)

    done = forget_request(texts, "r-1", AT, rehearsal=True)

    assert everything(texts) == before
    assert done == forget_request(texts, "r-1", AT)


@pytest.mark.parametrize("status", ["ACCEPTED", "PENDING_REVIEW"])
def test_a_request_that_still_runs_is_left_alone_and_counted(texts: TextStore, status: str) -> None:
    request_with_texts(texts, status=status)

    assert forget_request(texts, "r-1", AT) == Forgotten(running=1)
    assert texts.rows_of("r-1")["CONTENT"]["output"] == SECRET


def test_a_kept_answer_of_another_request_stays(texts: TextStore) -> None:
    request_with_texts(texts)
    put(texts, {"request_id": "CACHE#r-1", "item": "CONTENT", "output": "x", "source": "r-9"})

    assert forget_request(texts, "r-1", AT).kept_answers == 0
    assert texts.has_kept("CACHE#r-1", "r-9")


def test_drafts_that_no_row_names_are_found_by_the_requests_id(texts: TextStore) -> None:
    texts._s3.put_object(Bucket=BUCKET, Key="drafts/default/r-7/a.txt", Body=b"x")
    texts._s3.put_object(Bucket=BUCKET, Key="drafts/default/r-77/a.txt", Body=b"x")

    assert forget_request(texts, "r-7", AT) == Forgotten(objects=1)
    assert "r-77" in everything(texts)


def test_an_id_that_is_called_like_a_tenant_takes_none_of_its_texts_along(
    texts: TextStore,
) -> None:
    request_with_texts(texts, "acme")
    request_with_texts(texts, "acme/r-1", tenant="acme")

    assert forget_request(texts, "acme", AT).objects == 4
    assert len(texts.objects_of("answers/acme/r-1/")) == 2


def test_what_was_asked_is_removed_with_its_request_and_uploads_with_their_tenant(
    texts: TextStore,
) -> None:
    put(texts, accepted(request_id="acme/r-1", tenant="acme", status="SUCCEEDED", confidence=1))
    for key in ("requests/acme/r-1/a.json", "uploads/acme/a.png", "uploads/acme2/a.png"):
        texts._s3.put_object(Bucket=BUCKET, Key=key, Body=SECRET.encode())

    assert forget_request(texts, "acme/r-1", AT).objects == 1
    assert forget_tenant(texts, "acme", "2026-11-22T00:00:00.000Z", AT).objects == 0
    assert forget_tenant(texts, "acme", None, AT, rehearsal=True).objects == 1
    assert forget_tenant(texts, "acme", None, AT).objects == 1
    assert [found["Key"] for found in texts.objects_of("")] == ["uploads/acme2/a.png"]


def test_the_groups_of_a_run_go_with_the_run_s_id_and_with_its_tenant(texts: TextStore) -> None:
    names = ("acme/run-1/groups", "acme/run-1/results", "acme/run-2/groups", "acme2/run-1/groups")
    for name in names:
        texts._s3.put_object(Bucket=BUCKET, Key=f"runs/{name}.json", Body=SECRET.encode())

    assert forget_request(texts, "acme/run-1", AT).objects == 2
    assert forget_tenant(texts, "acme", None, AT).objects == 1
    assert [found["Key"] for found in texts.objects_of("")] == ["runs/acme2/run-1/groups.json"]


def test_of_a_tenant_those_requests_are_forgotten_that_came_before_a_day(texts: TextStore) -> None:
    request_with_texts(texts, "acme/r-1", tenant="acme", accepted_at="2026-11-20T23:59:59.999Z")
    request_with_texts(texts, "acme/r-2", tenant="acme", accepted_at="2026-11-21T00:00:00.000Z")
    request_with_texts(texts, "other/r-3", tenant="other", accepted_at="2026-11-20T00:00:00.000Z")

    done = forget_tenant(texts, "acme", "2026-11-21T00:00:00.000Z", AT)

    assert done == Forgotten(requests=1, contents=1, kept_answers=1, objects=4)
    assert set(texts.rows_of("acme/r-1")) == {"REQUEST", "ATTEMPT#01", "REVIEW"}
    assert "CONTENT" in texts.rows_of("acme/r-2")
    assert "CONTENT" in texts.rows_of("other/r-3")
    assert forget_tenant(texts, "acme", None, AT) == replace(done, requests=2)


def test_a_request_that_was_run_again_meanwhile_is_not_marked_and_counts_as_running(
    texts: TextStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_with_texts(texts)
    delete = texts.delete_row

    def run_again(key: str, item: str) -> None:
        put(texts, texts.rows_of(key)["REQUEST"] | {"execution_arn": "arn:2", "status": "ACCEPTED"})
        delete(key, item)

    monkeypatch.setattr(texts, "delete_row", run_again)

    assert forget_request(texts, "r-1", AT) == Forgotten(running=1)
    assert "forgotten_at" not in texts.rows_of("r-1")["REQUEST"]
