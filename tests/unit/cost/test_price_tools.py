"""The book only ever grows, and no disagreement between sources goes unexplained."""

import json

import pytest

from tools.prices import check as check_module
from tools.prices import generate as generate_module
from tools.prices.check import check
from tools.prices.generate import generate

TODAY = "2026-12-01"
HAIKU = "us.anthropic.claude-haiku-5-5"


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    """A book, a list of models and resolutions of the test's own; returns their folder."""
    monkeypatch.setattr(generate_module, "BOOK_PATH", tmp_path / "book.json")
    monkeypatch.setattr(check_module, "BOOK_PATH", tmp_path / "book.json")
    for name, content in {
        "MODELS_PATH": {"bedrock": [HAIKU], "openai": ["gpt-5.6-luna"]},
        "RESOLUTIONS_PATH": [],
    }.items():
        path = tmp_path / f"{name.lower()}.json"
        path.write_text(json.dumps(content))
        monkeypatch.setattr(generate_module, name, path)
    return tmp_path


def rows(folder, model):
    book = json.loads((folder / "book.json").read_text())
    return [r for r in book["rows"] if r["model"] == model and r["mode"] == "standard"]


def test_generating_twice_changes_nothing(workshop):
    generate(TODAY)
    first = (workshop / "book.json").read_text()
    generate("2026-12-24")

    assert (workshop / "book.json").read_text() == first


def test_change_with_a_date_of_its_own_is_a_row_of_its_own(workshop):
    generate(TODAY)

    assert [
        (r["effective_from"], r["usd_per_mtok"]["input"]) for r in rows(workshop, "gpt-5.6-luna")
    ] == [
        (None, "1"),
        ("2026-07-30", "0.2"),
    ]


def test_silent_change_becomes_a_row_dated_today_and_the_old_row_stays(workshop):
    generate(TODAY)
    path = workshop / "book.json"
    path.write_text(path.read_text().replace('"input": "0.11"', '"input": "0.12"'))

    generate(TODAY)
    generate(TODAY)

    old, new = rows(workshop, HAIKU)
    assert (old["effective_from"], old["usd_per_mtok"]["input"]) == (None, "0.12")
    assert (new["effective_from"], new["usd_per_mtok"]["input"]) == (TODAY, "0.11")
    assert new["version"] != old["version"]


def test_row_that_the_source_no_longer_has_stays(workshop):
    generate(TODAY)
    generate_module.MODELS_PATH.write_text("{}")
    generate(TODAY)

    assert len(rows(workshop, HAIKU)) == 1


def test_model_that_the_source_does_not_know_stops_the_generator(workshop):
    generate_module.MODELS_PATH.write_text('{"openai": ["gpt-nonsense"]}')

    with pytest.raises(SystemExit, match="gpt-nonsense"):
        generate(TODAY)


def litellm_table(folder, **changes):
    entry = {
        "litellm_provider": "bedrock_converse",
        "input_cost_per_token": 1.1e-07,
        "output_cost_per_token": 5.5e-07,
        "cache_read_input_token_cost": 1.1e-08,
        "cache_creation_input_token_cost": 1.375e-07,
        "cache_creation_input_token_cost_above_1hr": 2.2e-07,
    }
    above = {
        f"{name}_above_100k_tokens": 5 * value
        for name, value in entry.items()
        if value != entry["litellm_provider"]
    }
    path = folder / "table.json"
    path.write_text(json.dumps({HAIKU: {**entry, **above, **changes}}))
    return path


def test_check_accepts_agreement_and_fails_on_a_difference_nobody_settled(workshop, capsys):
    generate_module.MODELS_PATH.write_text(json.dumps({"bedrock": [HAIKU]}))
    generate(TODAY)
    table = litellm_table(workshop)
    table.write_text(table.read_text().replace("5.5000000000000004e-07", "5.5e-07"))
    assert check(table, TODAY) == 0

    differing = litellm_table(workshop, output_cost_per_token=6e-07)
    assert check(differing, TODAY) == 1
    assert "output: book 0.55, LiteLLM 0.6" in capsys.readouterr().out


def test_settled_difference_passes_with_its_reason(workshop, capsys):
    generate_module.MODELS_PATH.write_text(json.dumps({"bedrock": [HAIKU]}))
    reason = {"models": [f"bedrock/{HAIKU}/*"], "about": "output", "reason": "because"}
    generate_module.RESOLUTIONS_PATH.write_text(json.dumps([reason]))
    generate(TODAY)

    assert check(litellm_table(workshop, output_cost_per_token=6e-07), TODAY) == 0
    assert "because" in capsys.readouterr().out


def test_shipped_book_is_what_the_generator_makes(capsys):
    before = generate_module.BOOK_PATH.read_text(encoding="utf-8")

    assert generate(TODAY) == 0

    assert generate_module.BOOK_PATH.read_text(encoding="utf-8") == before
    assert capsys.readouterr().out.startswith("0 rows added")
