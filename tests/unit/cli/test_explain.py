"""``explain`` gives reasons that support its verdict, for a person and as JSON."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from router.analyzer import load
from router.analyzer.types import Complexity
from router.cli import registry
from router.cli.explain import NO_SIGN, reasons, render
from tests.support.conversations import png


@pytest.mark.parametrize("label", [Complexity.COMPLEX, Complexity.CALCULATION])
def test_a_harder_verdict_is_not_explained_by_the_lack_of_signs(label: Complexity) -> None:
    found = replace(load(None).classify_prompt("hi"), label=label, reasons=(NO_SIGN,))

    assert reasons(found) == ["no single signal decides; their sum does"]
    assert NO_SIGN not in render(found, None)


def test_an_easy_verdict_may_be() -> None:
    found = replace(load(None).classify_prompt("hi"), label=Complexity.SIMPLE, reasons=(NO_SIGN,))

    assert reasons(found) == [NO_SIGN]


def test_json_and_text_agree(capsys: pytest.CaptureFixture[str]) -> None:
    prompt = "Prove that pi is irrational."
    registry.main(["explain", prompt])
    text = capsys.readouterr().out
    registry.main(["explain", prompt, "--json"])
    found = json.loads(capsys.readouterr().out)

    assert text.startswith(found["label"])
    assert all(f"  - {reason}\n" in text for reason in found["reasons"])


def agent(**more: Any) -> dict[str, Any]:
    picture = {"url": f"data:image/png;base64,{base64.b64encode(png()).decode()}"}
    function = {"name": "look", "arguments": "{}"}
    return {
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "Whose invoice is this?"},
                {"type": "image_url", "image_url": picture},
            ]},
            {"role": "assistant", "tool_calls": [
                {"id": "c1", "type": "function", "function": function},
            ]},
            {"role": "tool", "tool_call_id": "c1", "content": "ACME"},
        ],
        "tools": [{"type": "function", "function": {"name": "look"}}],
        **more,
    }  # fmt: skip


def test_a_request_is_counted_beside_its_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(agent()), encoding="utf-8")

    assert registry.main(["explain", "--request", str(file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    registry.main(["explain", "--request", str(file)])
    text = capsys.readouterr().out

    assert found["conversation"] == {
        "turns": 3, "tool_calls": 1, "images": 1, "documents": 0, "in_tool_loop": True,
    }  # fmt: skip
    assert "conversation of 3 turns, 1 tool calls, 1 images, 0 documents; it waits" in text


@pytest.mark.parametrize(
    ("body", "says"),
    [("{", "is not a file of JSON"), ("{}", "either `input`"), ('"hi"', "must be an object")],
)
def test_what_is_no_request_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str, says: str
) -> None:
    file = tmp_path / "request.json"
    file.write_text(body, encoding="utf-8")

    with pytest.raises(SystemExit) as ended:
        registry.main(["explain", "--request", str(file)])

    assert ended.value.code == 2
    assert says in capsys.readouterr().err
