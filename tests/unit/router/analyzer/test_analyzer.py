"""What the analyzer says about a prompt, whatever the prompt looks like."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import router.analyzer
from router.analyzer import Complexity, load

PACKAGE = Path(router.analyzer.__file__).parent


@pytest.mark.parametrize(
    ("prompt", "label"),
    [
        ("What is the capital of Peru?", Complexity.SIMPLE),
        ("translate 'good morning' into Dutch", Complexity.SIMPLE),
        ("What is 17% of 640?", Complexity.CALCULATION),
        (
            "A train leaves at 9:40 and arrives at 13:05. How long is the trip?",
            Complexity.CALCULATION,
        ),
        ("Prove that the square root of 2 is irrational.", Complexity.COMPLEX),
        ("Design a multi-region payment system that survives a zone failure.", Complexity.COMPLEX),
    ],
)
def test_plain_asks_get_their_label(prompt: str, label: Complexity) -> None:
    assert load().classify_prompt(prompt).label is label


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=600))
def test_any_text_gets_probabilities_that_sum_to_one(text: str) -> None:
    found = load().classify_prompt(text)

    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert found.confidence == max(found.probabilities.values())
    assert 0 <= found.score <= 1
    assert found.reasons


@pytest.mark.parametrize(
    "prompt", ["", " ", "\n\n", "?", "😀", "\u200b", "\x00", "\ud800", "```", '"']
)
def test_text_that_asks_nothing_is_answered_without_an_error(prompt: str) -> None:
    assert load().classify_prompt(prompt).label in Complexity


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["Prove that pi is irrational", "Who wrote Emma?", "what is 12 * 34"]))
def test_case_never_changes_the_verdict(prompt: str) -> None:
    plain = load().classify_prompt(prompt)

    assert load().classify_prompt(prompt.upper()) == plain
    assert load().classify_prompt(prompt.title()) == plain


def test_zero_width_characters_and_lookalikes_change_nothing() -> None:
    plain = load().classify_prompt("who invented the telephone")

    assert load().classify_prompt("w\u200bho inv\u2060ented the telephone") == plain
    assert load().classify_prompt("whо invеntеd thе tеlерhоnе") == plain
    assert load().classify_prompt("ｗｈｏ ｉｎｖｅｎｔｅｄ ｔｈｅ ｔｅｌｅｐｈｏｎｅ") == plain


def test_greetings_and_thanks_change_nothing() -> None:
    plain = load().classify_prompt("who invented the telephone?")
    polite = "Hi there! Could you please tell me who invented the telephone? Thanks in advance!"

    assert load().classify_prompt(polite).label is plain.label


def test_a_long_paste_is_read_in_bounded_work() -> None:
    """The features of a long text are as many as those of a short one: time is benchmarked."""
    read = load().read("All work and no play, 12 of them. " * 6000)

    assert sum(map(len, read.grams)) < 2500
    assert read.parts.sentences <= 48


def test_reasons_name_what_was_asked_for() -> None:
    found = load().classify_prompt("Calculate the average of 4, 8 and 15.")

    assert "asks to calculate" in found.reasons or "asks for a sum, average, share or change" in (
        found.reasons
    )


def test_the_verdict_names_the_weights_that_gave_it() -> None:
    assert load().classify_prompt("hi").version == load().version


def test_loading_needs_the_standard_library_alone() -> None:
    program = (
        "import sys; from router.analyzer import load; load().classify_prompt('hi');"
        "heavy = {'numpy', 'sklearn', 'scipy', 'boto3', 'botocore', 'aws_lambda_powertools'};"
        "sys.exit(bool(heavy & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_it_works_from_inside_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "function.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(PACKAGE.parent / "__init__.py", "router/__init__.py")
        for file in sorted(PACKAGE.iterdir()):
            if file.suffix in (".py", ".weights"):
                packed.write(file, f"router/analyzer/{file.name}")
    program = (
        f"import sys; sys.path[:0] = [{str(tmp_path / 'function.zip')!r}];"
        "from router.analyzer import load; print(load().classify_prompt('2 + 2').label)"
    )

    ran = subprocess.run(
        [sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True
    )

    assert ran.stdout.strip() == "CALCULATION"


def test_the_weights_fit_the_function_package() -> None:
    content = (PACKAGE / "heuristic.weights").read_bytes()

    assert len(content) <= 640 * 1024
