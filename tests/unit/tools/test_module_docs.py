"""The module's README says what the module says."""

from pathlib import Path

import pytest

from tools import module_docs


def test_readme_tables_are_those_of_the_module() -> None:
    written = module_docs.README.read_text(encoding="utf-8")

    assert module_docs.with_tables(written) == written, "run python -m tools.module_docs"


def test_every_input_and_output_is_in_the_readme() -> None:
    readme = module_docs.README.read_text(encoding="utf-8")

    outputs = (module_docs.MODULE / "outputs.tf").read_text(encoding="utf-8")
    for source in (module_docs.variables(), outputs):
        lines = source.splitlines()
        names = [line.split('"')[1] for line in lines if line.startswith(("variable ", "output "))]

        assert names
        assert [name for name in names if f"`{name}`" not in readme] == []


def test_inputs_in_a_file_without_a_place_are_reported(tmp_path: Path, monkeypatch) -> None:
    for path in module_docs.MODULE.glob("*.tf"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "variables.weather.tf").write_text('variable "rain" {}\n')
    monkeypatch.setattr(module_docs, "MODULE", tmp_path)

    with pytest.raises(SystemExit, match=r"variables\.weather\.tf"):
        module_docs.variables()


def test_a_table_that_is_behind_is_reported_and_then_written(tmp_path: Path, monkeypatch) -> None:
    behind = tmp_path / "README.md"
    behind.write_text("<!-- inputs -->\n<!-- /inputs -->\n<!-- outputs -->\n<!-- /outputs -->\n")
    monkeypatch.setattr(module_docs, "README", behind)

    assert module_docs.main(["--check"]) == 1
    assert module_docs.main([]) == 0
    assert module_docs.main(["--check"]) == 0
    assert "### `name`" in behind.read_text(encoding="utf-8")
