"""The module's refusals are tested on its variables alone, and these are all of its variables."""

from __future__ import annotations

import re
from pathlib import Path

MODULE = Path(__file__).resolve().parents[2] / "terraform"
INPUTS = MODULE / "tests" / "inputs"


def test_what_refusals_are_tested_on_is_the_modules_own() -> None:
    linked = {path.name: path.resolve() for path in INPUTS.iterdir() if path.name != "main.tf"}

    assert all(path == (MODULE / name).resolve() for name, path in linked.items())
    assert {path.name for path in MODULE.glob("variables*.tf")} <= set(linked)


def test_a_refusal_that_depends_on_the_names_of_functions_plans_the_module_itself() -> None:
    text = "\n".join(path.read_text("utf-8") for path in (MODULE / "tests").glob("*.tftest.hcl"))
    runs = re.findall(r'^run "(\w+)" \{\n(.*?)^\}', text, re.DOTALL | re.MULTILINE)
    alone = {name: body for name, body in runs if "./tests/inputs" in body}

    assert alone
    assert not [name for name, body in alone.items() if "expect_failures" not in body]
    assert not [name for name, body in alone.items() if re.search(r"^\s+functions\s*=", body, re.M)]
