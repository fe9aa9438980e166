"""The diagrams of the architecture are those of the workflow and of the module."""

import json
import re

from tools import diagrams


def test_diagrams_are_drawn_from_what_is_there():
    written = diagrams.DOCUMENT.read_text("utf-8")

    assert diagrams.drawn(written) == written, "run python -m tools.diagrams"
    assert written.count("```mermaid") == 2


def test_every_state_and_every_function_is_in_them():
    states = json.loads((diagrams.ROOT / "asl" / "router.asl.json").read_text("utf-8"))["States"]
    module_text = "".join(p.read_text("utf-8") for p in (diagrams.ROOT / "terraform").glob("*.tf"))
    described = re.findall(r"^  function_(\w+) = \{$", module_text, re.MULTILINE)
    workflow, module = diagrams.workflow(), diagrams.module()

    assert not [name for name in states if f"  {name}" not in workflow]
    assert len(set(described)) >= 7
    assert not [name for name in described if f"function_{name}[{name}]" not in module]
    assert "sfn_state_machine_this --> function_invoke_model" in module
    assert "dynamodb_table_usage -->|stream| function_price_rows" in module


def test_a_document_that_is_behind_is_reported(tmp_path, monkeypatch):
    behind = tmp_path / "architecture.md"
    behind.write_text("<!-- drawn: workflow -->\n<!-- end -->\n")
    monkeypatch.setattr(diagrams, "DOCUMENT", behind)

    assert diagrams.main(["--check"]) == 1
    assert diagrams.main([]) == diagrams.main(["--check"]) == 0
