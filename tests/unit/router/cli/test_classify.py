"""The commands: JSONL answered in order, bad lines reported in place, calibration that learns."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from router.__main__ import main
from router.cli import jsonl


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(list(arguments)) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    lines = [
        b'{"id": "a", "prompt": "Who wrote Emma?"}',
        b"{broken",
        b"",
        b'{"id": "b", "prompt": 7}',
        b"\xff\xfe",
        b"[1]",
        b'{"id": "c", "messages": [{"role": "user", "content": "What is 3 * 14?"}]}',
        b'{"id": "d", "messages": [{"role": "king", "content": "x"}]}',
    ]
    (tmp_path / "prompts.jsonl").write_bytes(b"\n".join(lines))
    return tmp_path / "prompts.jsonl"


def test_each_line_is_answered_in_its_place(
    prompts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answered(capsys, "classify", str(prompts))

    assert [r.get("label") for r in found] == [
        "SIMPLE", None, None, None, None, "CALCULATION", None,
    ]  # fmt: skip
    assert [r.get("line") for r in found] == [None, 2, 4, 5, 6, None, 8]
    assert [r.get("id") for r in found] == ["a", None, "b", None, None, "c", "d"]
    assert set(found[0]) == {"id", "label", "confidence", "probabilities", "score"}


def test_conversations_in_the_shape_of_a_chat_request_are_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "read", "arguments": "{}"}}
    rows = [
        {
            "id": "tool",
            "tools": [{"type": "function", "function": {"name": "read"}}],
            "messages": [
                {"role": "system", "content": "You are an agent."},
                {"role": "user", "content": "Find out why the export deadlocks and rewrite it."},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "1", "content": "def lock(): ..."},
            ],
        },
        {
            "id": "parts",
            "messages": [
                {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is 3 * 14?"},
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}},
                    ],
                },
            ],
        },
        {"id": "no parts", "messages": [{"role": "user", "content": [3]}]},
        {"id": "no text", "messages": [{"role": "user", "content": None}]},
        {"id": "empty", "messages": []},
    ]
    path = tmp_path / "turns.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))

    found = answered(capsys, "classify", str(path))

    assert [r.get("label") for r in found] == ["COMPLEX", "CALCULATION", None, None, None]
    assert set(found[0]) == {"id", "label", "confidence", "probabilities", "score"}
    assert all("content" in r["error"] for r in found[2:])
    assert 'message 1: "content" must be text or a list of parts' in found[2]["error"]


def test_explained_lines_carry_reasons_and_version(
    prompts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = answered(capsys, "classify", "--explain", str(prompts))[0]

    assert first["reasons"]
    assert first["version"].startswith("heuristic-")


def test_a_line_too_long_for_memory_is_reported_and_skipped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jsonl, "LONGEST_LINE", 20)
    found = list(jsonl.lines(io.BytesIO(b"x" * 70 + b"\nshort\n")))

    assert [number for number, _ in found] == [1, 2]
    assert len(found[0][1]) == 21
    assert found[1][1] == b"short\n"
    with pytest.raises(jsonl.BadLine, match="longer than"):
        jsonl.parse(found[0][1])


def test_explain_prints_label_shares_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "Prove that pi is irrational."]) == 0

    text = capsys.readouterr().out
    assert text.startswith("COMPLEX")
    assert "because" in text


@pytest.fixture
def outcomes(tmp_path: Path) -> Path:
    """The strong model is needed wherever poems are asked for, never elsewhere."""
    rows = []
    for n in range(60):
        rows.append({"prompt": f"Write a poem about town {n}", "strong": 1, "weak": 0})
        rows.append({"prompt": f"Who is the mayor of town {n}?", "strong": 1, "weak": 1})
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join([*map(json.dumps, rows), '{"prompt": "x", "weak": "bad"}']))
    return path


def test_calibration_learns_what_the_outcomes_show(
    outcomes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "router.weights"

    target = ["--target-quality", "1"]

    assert main(["calibrate", "--labels", str(outcomes), "--out", str(weights), *target]) == 0

    told = capsys.readouterr()
    assert "120 rows, 1 bad lines skipped" in told.out
    assert "rows.jsonl:121" in told.err
    asked = tmp_path / "asked.jsonl"
    asked.write_text(
        '{"id": 1, "prompt": "Write a poem about a river"}\n'
        '{"id": 2, "prompt": "Who is the mayor of Oslo?"}\n'
    )
    poem, mayor = answered(capsys, "score", "--weights", str(weights), str(asked))
    assert poem["strong"] is True
    assert mayor["strong"] is False


def test_calibration_leaves_the_labels_alone(
    outcomes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], prompts: Path
) -> None:
    weights = tmp_path / "router.weights"
    main(["calibrate", "--labels", str(outcomes), "--out", str(weights)])
    capsys.readouterr()

    shipped = answered(capsys, "classify", str(prompts))
    refitted = answered(capsys, "classify", "--weights", str(weights), str(prompts))

    assert [r.get("probabilities") for r in refitted] == [r.get("probabilities") for r in shipped]


@pytest.mark.parametrize(
    "rows",
    ['{"prompt": "a", "strong": 1, "weak": 0}\n' * 3, '{"prompt": "a", "weak": 1}\n' * 40],
)
def test_nothing_is_written_where_nothing_can_be_learned(
    rows: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.jsonl").write_text(rows)
    out = tmp_path / "router.weights"

    code = main(["calibrate", "--labels", str(tmp_path / "rows.jsonl"), "--out", str(out)])

    assert code == 1
    assert not out.exists()
    assert capsys.readouterr().err
