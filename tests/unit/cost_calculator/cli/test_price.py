"""``python -m cost_calculator price`` keeps order, loses no line and says why."""

import json
import subprocess
import sys

import pytest

LINE = {
    "id": "a",
    "provider": "bedrock",
    "model": "us.anthropic.claude-haiku-5-5",
    "usage": {
        "input_tokens": 12,
        "cache_read_tokens": 100,
        "cache_write_5m_tokens": 0,
        "cache_write_1h_tokens": 3,
        "output_tokens": 9,
    },
    "at": "2026-11-21T10:00:00Z",
}


def run(*lines, environment=None):
    text = b"\n".join(
        line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines
    )
    done = subprocess.run(
        [sys.executable, "-m", "cost_calculator", "price"],
        input=text,
        capture_output=True,
        check=True,
        env=environment,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_cost_is_exact_and_explained():
    assert run(LINE) == [
        {
            "id": "a",
            "status": "PRICED",
            "cost_usd": "0.00000803",
            "price_version": "bedrock/us.anthropic.claude-haiku-5-5/standard@start",
            "parts": {
                "input": "0.00000132",
                "cache_read": "0.0000011",
                "cache_write_1h": "0.00000066",
                "output": "0.00000495",
            },
        }
    ]


def test_long_context_reprices_the_whole_call():
    at_the_edge = {
        **LINE,
        "usage": {"input_tokens": 99_997, "cache_read_tokens": 3, "output_tokens": 1},
    }
    over = {**LINE, "usage": {"input_tokens": 99_997, "cache_read_tokens": 4, "output_tokens": 1}}

    low, high = run(at_the_edge, over)

    assert low["cost_usd"] == "0.011000253"
    assert high["cost_usd"] == "0.05500132"


def test_bad_lines_are_named_and_the_rest_goes_on():
    answers = run(
        LINE,
        b"{not json",
        b"",
        b"[1]",
        {**LINE, "id": "no time", "at": "soon"},
        {**LINE, "id": "no model", "model": None},
        b"\xff\xfe",
        {**LINE, "id": "last"},
    )

    assert [answer.get("line") for answer in answers] == [None, 2, 4, 5, 6, 7, None]
    assert [answer["id"] for answer in answers] == [
        "a",
        None,
        None,
        "no time",
        "no model",
        None,
        "last",
    ]
    assert "2026-11-21T10:00:00Z" in answers[3]["error"]


@pytest.mark.parametrize("count", ["-1", "NaN", "Infinity", "true", '"5"', "1.0", "null"])
def test_usage_that_makes_no_sense_has_a_status_and_no_cost(count):
    line = json.dumps(LINE).replace('"output_tokens": 9', f'"output_tokens": {count}')

    (answer,) = run(line.encode())

    assert (answer["status"], answer["cost_usd"]) == ("INVALID_USAGE", None)
    assert "output_tokens" in answer["reason"]


def test_unknown_model_provider_or_mode_is_unpriced_not_free():
    answers = run(
        {**LINE, "model": "us.anthropic.claude-haiku-9"},
        {**LINE, "provider": "somebody"},
        {**LINE, "mode": "flex"},
    )

    assert [(a["status"], a["cost_usd"]) for a in answers] == [("UNPRICED", None)] * 3


def test_nothing_used_costs_nothing_and_says_priced():
    (answer,) = run({**LINE, "usage": {"input_tokens": 0, "output_tokens": 0}})

    assert (answer["status"], answer["cost_usd"]) == ("PRICED", "0")
