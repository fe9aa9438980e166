"""The book only ever grows, and no disagreement between sources goes unexplained."""

import json

import pytest

from tools.prices import check as check_module
from tools.prices import confirm as confirm_module
from tools.prices import generate as generate_module
from tools.prices.check import check
from tools.prices.confirm import confirm
from tools.prices.generate import generate

TODAY = "2026-12-01"
HAIKU = "us.anthropic.claude-haiku-5-5"


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    """A book, a list of models and resolutions of the test's own; returns their folder."""
    monkeypatch.setattr(generate_module, "BOOK_PATH", tmp_path / "book.json")
    for module in (check_module, confirm_module):
        monkeypatch.setattr(module, "BOOK_PATH", tmp_path / "book.json")
        monkeypatch.setattr(module, "CONFIRMED_PATH", tmp_path / "confirmed.json")
    monkeypatch.setattr(confirm_module, "RETIREMENTS_PATH", tmp_path / "retirements.json")
    for name, content in {
        "MODELS_PATH": {"bedrock": [HAIKU], "openai": ["gpt-5.6-luna"]},
        "RESOLUTIONS_PATH": [],
        "SURCHARGES_PATH": [],
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

    first, second = rows(workshop, "gpt-5.6-luna")
    assert (first["effective_from"], first["usd_per_mtok"]["input"]) == (None, "1")
    assert (second["effective_from"], second["usd_per_mtok"]["input"]) == ("2026-07-30", "0.2")


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


def litellm_table(folder, output="0.55"):
    """Write their table: dollars per token, and fields of their own for the long context."""
    per_mtok = {
        "input_cost_per_token": ("0.11", "0.55"),
        "output_cost_per_token": (output, "2.75"),
        "cache_read_input_token_cost": ("0.011", "0.055"),
        "cache_creation_input_token_cost": ("0.1375", "0.6875"),
        "cache_creation_input_token_cost_above_1hr": ("0.22", "1.1"),
    }
    prices = [f'"{name}": {low}e-6' for name, (low, _) in per_mtok.items()]
    prices += [f'"{name}_above_100k_tokens": {high}e-6' for name, (_, high) in per_mtok.items()]
    entry = ", ".join(['"litellm_provider": "bedrock_converse"', *prices])
    path = folder / "table.json"
    path.write_text(f'{{"{HAIKU}": {{{entry}}}}}')
    return path


def test_check_accepts_agreement_and_fails_on_a_difference_nobody_settled(workshop, capsys):
    generate_module.MODELS_PATH.write_text(json.dumps({"bedrock": [HAIKU]}))
    generate(TODAY)
    assert check(litellm_table(workshop), TODAY) == 0

    assert check(litellm_table(workshop, output="0.6"), TODAY) == 1
    assert "output: book 0.55, LiteLLM 0.6" in capsys.readouterr().out


def test_settled_difference_passes_with_its_reason(workshop, capsys):
    generate_module.MODELS_PATH.write_text(json.dumps({"bedrock": [HAIKU]}))
    reason = {"models": [f"bedrock/{HAIKU}/*"], "about": "output", "reason": "because"}
    generate_module.RESOLUTIONS_PATH.write_text(json.dumps([reason]))
    generate(TODAY)

    assert check(litellm_table(workshop, output="0.6"), TODAY) == 0
    assert "because" in capsys.readouterr().out


def test_the_age_of_each_rows_confirmation_is_shown(workshop, capsys):
    generate_module.MODELS_PATH.write_text(json.dumps({"bedrock": [HAIKU]}))
    generate(TODAY)
    table = litellm_table(workshop)
    check(table, TODAY)
    assert "no second source has confirmed it" in capsys.readouterr().out

    confirm(table, "LiteLLM 9", TODAY)
    check(table, "2026-12-11")

    assert f"{HAIKU}/standard@start: confirmed 10 days ago, by LiteLLM 9" in capsys.readouterr().out


def test_what_the_table_contradicts_is_not_confirmed_and_keeps_its_older_note(workshop, capsys):
    generate_module.MODELS_PATH.write_text(json.dumps({"bedrock": [HAIKU]}))
    generate(TODAY)
    confirm(litellm_table(workshop), "LiteLLM 9", TODAY)
    confirm(litellm_table(workshop, output="0.6"), "LiteLLM 10", "2026-12-05")

    check(litellm_table(workshop), "2026-12-11")

    assert "confirmed 10 days ago, by LiteLLM 9" in capsys.readouterr().out


def test_the_day_on_which_a_model_retires_is_noted(workshop):
    generate_module.MODELS_PATH.write_text(json.dumps({"bedrock": [HAIKU]}))
    generate(TODAY)
    table = litellm_table(workshop)
    found = json.loads(table.read_text())
    found[HAIKU]["deprecation_date"] = "2027-04-01"
    table.write_text(json.dumps(found))

    confirm(table, "LiteLLM 9", TODAY)

    noted = json.loads((workshop / "retirements.json").read_text())
    assert noted["models"] == {"bedrock": {HAIKU: "2027-04-01"}}


def test_shipped_book_is_what_the_generator_makes(capsys):
    before = generate_module.BOOK_PATH.read_text(encoding="utf-8")

    assert generate(TODAY) == 0

    assert generate_module.BOOK_PATH.read_text(encoding="utf-8") == before
    assert capsys.readouterr().out.startswith("0 rows added")
