"""A batch from its file to its summary, without a cloud."""

from __future__ import annotations

import json
from typing import Any

import pytest

from router.executions.names import execution_name
from router.ingress.batch.chunk import run_chunk
from router.ingress.batch.chunk_runner import WINDOW, Item
from router.ingress.batch.finish import BatchIncomplete, finish
from router.ingress.batch.layout import (
    CHUNK_LINES,
    InvalidBatch,
    chunk_key,
    results_key,
    summary_key,
)
from router.ingress.batch.results import record_of
from router.ingress.batch.split import split
from tests.fakes.batch import Bucket, World

KEY = "batches/b/input.jsonl"


def file_of(count: int, *bad: str) -> str:
    good = [json.dumps({"id": f"own-{n}", "input": f"p{n}"}) for n in range(1, count + 1)]
    return "\n".join([*good, *bad])


def split_all(bucket: Bucket, chunks_a_round: int = 10_000) -> list[dict[str, Any]]:
    """Every round of a file, each by a call of its own, with the state as JSON between them."""
    states: list[dict[str, Any]] = [{"batch_id": "b", "key": KEY}]
    while len(states) == 1 or states[-1]["next"]:
        state = split(
            json.loads(json.dumps(states[-1])),
            bucket,
            input_bytes_limit=1024,
            has_time=lambda: True,
            chunks_a_round=chunks_a_round,
        )
        states.append(state)
    return states[1:]


def run(bucket: Bucket, world: World, chunk: int = 1, **given: Any) -> bool:
    run = world.chunk_run(**given)
    return run_chunk("b", chunk, bucket, world, run, clock=lambda: world.time)


def batch(bucket: Bucket, world: World, **given: Any) -> dict[str, Any]:
    """Split, run and finish; answer the summary."""
    state = split_all(bucket)[-1]
    for chunk in range(1, state["chunks"] + 1):
        assert run(bucket, world, chunk, **given)
    return finish(state, bucket)


def names(count: int) -> list[str]:
    return sorted(execution_name("default", f"b-{n}") for n in range(1, count + 1))


def test_a_file_is_split_into_chunks_and_the_map_is_given_their_numbers() -> None:
    bucket = Bucket(**{KEY: file_of(2 * CHUNK_LINES + 5, "nope")})

    [state] = split_all(bucket)

    assert (state["chunks"], state["lines"], state["bad_lines"]) == (3, 205, 1)
    assert bucket.lines(state["round_key"]) == [{"chunk": 1}, {"chunk": 2}, {"chunk": 3}]
    assert [len(bucket.lines(chunk_key("b", chunk))) for chunk in (1, 2, 3)] == [100, 100, 5]
    [bad] = bucket.lines("batches/b/bad-lines/0001.jsonl")
    assert bad["line"] == 206
    assert "not JSON" in bad["reason"]


def test_a_file_of_more_chunks_than_a_map_run_takes_goes_on_in_rounds() -> None:
    whole = Bucket(**{KEY: file_of(950)})
    split_all(whole)
    bucket = Bucket(**{KEY: file_of(950)})

    states = split_all(bucket, chunks_a_round=4)

    assert [state["round_chunks"] for state in states] == [4, 4, 2]
    numbers = [line["chunk"] for state in states for line in bucket.lines(state["round_key"])]
    assert numbers == list(range(1, 11))
    for chunk in numbers:
        assert bucket.files[chunk_key("b", chunk)] == whole.files[chunk_key("b", chunk)]


def test_a_file_that_takes_longer_than_a_function_may_run_goes_on_in_rounds() -> None:
    bucket = Bucket(**{KEY: file_of(250)})

    first = split(
        {"batch_id": "b", "key": KEY}, bucket, input_bytes_limit=1024, has_time=lambda: False
    )

    assert (first["round_chunks"], first["lines"]) == (1, 100)
    assert first["next"]["line"] == 100


@pytest.mark.parametrize("batch_id", [None, "", "a/b", "x" * 61])
def test_a_batch_id_that_no_request_id_can_be_made_of_is_refused(batch_id: Any) -> None:
    with pytest.raises(InvalidBatch, match="batch_id"):
        split(
            {"batch_id": batch_id, "key": KEY},
            Bucket(),
            input_bytes_limit=1024,
            has_time=lambda: True,
        )


def test_results_carry_id_status_output_model_and_cost() -> None:
    bucket, world = Bucket(**{KEY: file_of(25, "nope")}), World()

    summary = batch(bucket, world)

    records = bucket.lines(results_key("b", 1))
    assert [record["line"] for record in records] == list(range(1, 26))
    assert records[0] == {
        "line": 1,
        "id": "own-1",
        "request_id": "b-1",
        "status": "SUCCEEDED",
        "tier": "SIMPLE",
        "complexity": "SIMPLE",
        "model": "haiku",
        "provider": "bedrock",
        "output": "said by b-1",
        "cost_usd": "0.00001",
        "cost_status": "PRICED",
        "baseline_usd": "0.0002",
        "overhead_usd": "0.0001",
    }
    assert summary["statuses"] == {"SUCCEEDED": 25}
    assert (summary["cost_usd"], summary["cost_not_known"]) == ("0.00025", 0)
    assert (summary["bad_lines"], summary["complete"]) == (1, True)
    manifest = json.loads(bucket.files["batches/b/manifest.json"])
    assert manifest["results"] == [results_key("b", 1)]
    assert manifest["bad_lines"] == ["batches/b/bad-lines/0001.jsonl"]


def test_no_more_prompts_of_a_chunk_run_at_a_time_than_the_window() -> None:
    world = World()

    batch(Bucket(**{KEY: file_of(60)}), world)

    assert world.most_at_once == WINDOW


def test_a_rerun_starts_nothing_that_has_an_outcome_and_skips_complete_chunks() -> None:
    bucket, world = Bucket(**{KEY: file_of(130)}), World()
    first = batch(bucket, world)
    started, puts = list(world.started), len(bucket.puts)

    again = batch(bucket, world, token="t2")

    assert world.started == started
    assert again == first
    assert not [key for key in bucket.puts[puts:] if "/results/" in key]


def test_a_chunk_that_died_in_the_middle_does_only_what_is_missing() -> None:
    bucket, world = Bucket(**{KEY: file_of(30)}), World()
    split_all(bucket)

    assert not run(bucket, world, until=3.0)
    assert 0 < len(world.started) < 30
    assert run(bucket, world)

    assert sorted(world.started) == names(30)


def test_a_throttled_start_waits_and_loses_nothing() -> None:
    bucket, world = Bucket(**{KEY: file_of(5)}), World()
    world.busy = 7

    assert batch(bucket, world)["statuses"] == {"SUCCEEDED": 5}


def test_what_the_workflow_refused_is_a_result_and_is_done_by_the_next_run() -> None:
    bucket, world = Bucket(**{KEY: file_of(3)}), World()
    world.refused = {"p2"}

    first = batch(bucket, world)
    refused = bucket.lines(results_key("b", 1))[1]
    world.refused = set()
    again = batch(bucket, world, token="t2")

    assert (refused["status"], refused["cause"]) == ("REJECTED", "RateLimited")
    assert refused["detail"] == "try again in 10 s"
    assert (first["statuses"], first["complete"]) == ({"SUCCEEDED": 2, "REJECTED": 1}, False)
    assert (again["statuses"], again["complete"]) == ({"SUCCEEDED": 3}, True)
    assert set(world.started) - set(names(3)) == {execution_name("default", "b-2", turn="t2")}


def test_a_line_runs_as_its_tenant_and_takes_no_other_tenants_id() -> None:
    bucket, world = Bucket(**{KEY: '{"input": "p1", "tenant": "acme"}'}), World()
    world.rows["b-1"] = (0.0, "of the tenant default")

    assert batch(bucket, world)["statuses"] == {"SUCCEEDED": 1}
    assert bucket.lines(results_key("b", 1))[0]["request_id"] == "b-1"
    assert "acme/b-1" in world.rows


def test_an_express_run_that_puts_no_row_is_given_up_and_said() -> None:
    bucket, world = Bucket(**{KEY: file_of(2)}), World()
    world.refused = {"p1"}

    summary = batch(bucket, world, express=True)

    assert summary["statuses"] == {"REJECTED": 1, "SUCCEEDED": 1}
    assert bucket.lines(results_key("b", 1))[0]["cause"] == "NotAccepted"


def test_an_express_run_that_is_still_open_is_waited_for_and_not_started_again() -> None:
    bucket, world = Bucket(**{KEY: file_of(8)}), World()
    world.names_are_unique = False
    split_all(bucket)

    assert not run(bucket, world, until=1.0, express=True)
    assert run(bucket, world, express=True)

    assert sorted(world.started) == names(8)


def test_another_file_under_a_used_batch_id_is_a_conflict_line_by_line() -> None:
    world = World()
    batch(Bucket(**{KEY: file_of(2)}), world)
    other = Bucket(**{KEY: '{"input": "p1", "id": "own-1"}\n{"input": "another"}'})

    summary = batch(other, world)

    assert summary["statuses"] == {"SUCCEEDED": 1, "CONFLICT": 1}
    assert len(world.started) == 2


def test_a_cost_that_is_not_known_yet_is_said_and_never_0() -> None:
    bucket, world = Bucket(**{KEY: file_of(2)}), World()
    world.priced = False

    summary = batch(bucket, world)
    [record, _] = bucket.lines(results_key("b", 1))
    world.priced = True
    later = batch(bucket, world)

    assert (record["cost_usd"], record["cost_status"]) == (None, "PENDING")
    assert summary["cost_not_known"] == 2
    assert summary["tiers"]["SIMPLE"]["cost_pending"] == 2
    assert (later["cost_usd"], later["cost_not_known"]) == ("0.00002", 0)


@pytest.mark.parametrize("status", ["UNPRICED", "UNKNOWN", "INVALID_USAGE"])
def test_one_call_without_a_cost_leaves_the_prompt_without_one(status: str) -> None:
    priced = {"cost_status": "PRICED", "cost_usd": 1}
    rows: Any = World()
    rows.rows["b-1"] = (0.0, "hash")
    rows.time = 9.0
    found = rows.rows_of("b-1") | {"ATTEMPT#01": priced, "ATTEMPT#02": {"cost_status": status}}

    record = record_of(Item(1, None, "b-1", {}), None, found)

    assert (record["cost_usd"], record["cost_status"]) == (None, status)


def test_without_stored_text_the_answer_comes_from_the_runs_own_output() -> None:
    bucket, world = Bucket(**{KEY: file_of(1)}), World()
    world.store_text = False

    batch(bucket, world)

    assert bucket.lines(results_key("b", 1))[0]["output"] == "said p1"


def test_chunks_without_results_fail_the_batch_after_all_else_was_added_up() -> None:
    bucket, world = Bucket(**{KEY: file_of(150)}), World()
    [state] = split_all(bucket)
    run(bucket, world, 1)

    with pytest.raises(BatchIncomplete, match="1 of 2 chunks have no results"):
        finish(state, bucket)

    summary = json.loads(bucket.files["batches/b/summary.json"])
    assert (summary["prompts"], summary["prompts_missing"], summary["complete"]) == (100, 50, False)
    assert summary_key("b", 2) not in bucket.files
