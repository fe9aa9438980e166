"""The list of faults names tests and lines of `make faults` that exist, and leaves none out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
LIST = (TESTS.parent / "docs" / "faults.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in LIST.splitlines()
    if re.match(r"\| (\d+|–) \|", line)
]
FAULTS = 35


def told_in(source: str) -> set[str]:
    """Return the first text of each `notify(…)` and `Fault(…)`, and parameters called `name`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", "")
        first = node.args[0] if node.args else None
        if called in ("tell", "Fault") and isinstance(first, ast.Constant):
            names.add(str(first.value))
        if getattr(node.func, "attr", "") == "parametrize":
            names |= _named(node.args)
    return names


def _named(arguments: list[ast.expr]) -> set[str]:
    """Return the values of a parameter called `name` that stands first."""
    fields, *rest = arguments
    if not rest or not ast.unparse(fields).startswith("('name',"):
        return set()
    cases = rest[0].elts if isinstance(rest[0], ast.List) else []
    firsts = [case.elts[0] for case in cases if isinstance(case, ast.Tuple)]
    return {str(first.value) for first in firsts if isinstance(first, ast.Constant)}


def in_code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_fault_has_its_row() -> None:
    numbers = [row[0] for row in ROWS if row[0] != "–"]

    assert numbers == [str(number) for number in range(1, FAULTS + 1)]
    assert all(len(row) == 6 and in_code(row[4]) and row[5] for row in ROWS)


@pytest.mark.parametrize("named", sorted({name for row in ROWS for name in in_code(row[4])}))
def test_every_test_that_it_names_is_there(named: str) -> None:
    path, _, function = named.partition("::")
    source = (TESTS / path).read_text(encoding="utf-8")

    assert not function or f"def {function}(" in source


def test_the_list_and_the_table_of_make_faults_have_the_same_lines() -> None:
    files = sorted((TESTS / "local_cloud").glob("test_fault*.py"))
    told = {name for file in files for name in told_in(file.read_text(encoding="utf-8"))}
    listed = {name for row in ROWS for name in in_code(row[3])}

    assert len(told) > 60
    assert told == listed
