"""The multilingual prompt sets and the lexicon keep their promises.

Lexicon entries are word prefixes; a trailing space makes an entry a whole word (or phrase). Text is
NFKC-normalised, lower-cased, and punctuation reads as a space. Chinese, Japanese and Thai do not
separate words: their entries are matched anywhere.
"""

import json
import re
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRAIN = ROOT / "eval" / "data" / "train"
SETS = ROOT / "tests" / "sets"
LABELS = ("SIMPLE", "CALCULATION", "COMPLEX")
# ISO 639-1, two letters each: the sixteen most used, then those with fewer prompts.
LARGE = set(re.findall("..", "esptfrdeitnlplrutrarhizhjakoviid"))
OTHERS = set(re.findall("..", "ukhefabnurtathswelcsrohusvdanofitlca"))
UNSEGMENTED = {"zh", "ja", "th"}
SCRIPT = {
    "ru": "CYRILLIC",
    "uk": "CYRILLIC",
    "ar": "ARABIC",
    "fa": "ARABIC",
    "ur": "ARABIC",
    "he": "HEBREW",
    "hi": "DEVANAGARI",
    "bn": "BENGALI",
    "ta": "TAMIL",
    "th": "THAI",
    "el": "GREEK",
    "ko": "HANGUL",
    "zh": "CJK",
}

Row = dict[str, str]
Lexicon = dict[str, dict[str, list[str]]]


def rows(path: Path) -> list[Row]:
    """Read one JSONL file; an empty line is a defect and fails the parse."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").rstrip("\n").split("\n")]


@cache
def normalised(text: str) -> str:
    """Fold case and compatibility forms; what is no letter, mark or digit becomes a space."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = (c if unicodedata.category(c)[0] in "LMN" else " " for c in folded)
    return " ".join("".join(kept).split())


def grams(text: str, size: int = 5) -> set[str]:
    return {text[i : i + size] for i in range(max(1, len(text) - size + 1))}


def names(entry: str, prompt: str, language: str) -> bool:
    """Tell whether a lexicon entry occurs in a prompt."""
    if language in UNSEGMENTED:
        return normalised(entry) in normalised(prompt)
    whole = " " if entry.endswith(" ") else ""
    return f" {normalised(entry)}{whole}" in f" {normalised(prompt)} "


@pytest.fixture(scope="module")
def train() -> list[Row]:
    return rows(TRAIN / "multilingual.jsonl")


@pytest.fixture(scope="module")
def kept() -> list[Row]:
    return rows(SETS / "multilingual.jsonl")


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    loaded: Lexicon = json.loads((ROOT / "eval" / "data" / "lexicon.json").read_text("utf-8"))
    return loaded


def test_every_row_has_an_id_of_its_own_a_prompt_a_label_and_a_language(
    train: list[Row], kept: list[Row]
) -> None:
    both = train + kept
    assert all(set(row) == {"id", "prompt", "label", "language"} for row in both)
    assert all(row["label"] in LABELS and row["prompt"].strip() == row["prompt"] for row in both)
    assert len({row["id"] for row in both}) == len(both)
    assert len({normalised(row["prompt"]) for row in both}) == len(both)


def test_training_languages_are_covered_and_the_labels_balanced(train: list[Row]) -> None:
    count = Counter((row["language"], row["label"]) for row in train)
    per_language = Counter(row["language"] for row in train)
    assert set(per_language) == LARGE | OTHERS
    assert len(train) >= 1200
    for language, total in per_language.items():
        assert total >= (45 if language in LARGE else 20), language
        for label in LABELS:
            assert 0.27 <= count[language, label] / total <= 0.4, (language, label)


def test_at_least_twelve_languages_are_measured_with_eight_prompts_a_label(kept: list[Row]) -> None:
    count = Counter((row["language"], row["label"]) for row in kept)
    languages = {row["language"] for row in kept}
    assert len(languages) >= 12
    assert all(count[language, label] >= 8 for language in languages for label in LABELS)


def test_no_measured_prompt_resembles_one_that_is_trained_on(
    train: list[Row], kept: list[Row]
) -> None:
    trained: dict[str, list[set[str]]] = {}
    for row in train:
        trained.setdefault(row["language"], []).append(grams(normalised(row["prompt"])))
    for row in kept:
        own = grams(normalised(row["prompt"]))
        nearest = max(len(own & other) / len(own | other) for other in trained[row["language"]])
        assert nearest < 0.4, (row["id"], nearest)


def test_prompts_are_written_in_the_script_of_their_language(
    train: list[Row], kept: list[Row]
) -> None:
    native: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for row in train + kept:
        if script := SCRIPT.get(row["language"]):
            total[row["language"]] += 1
            native[row["language"]] += any(
                unicodedata.name(char, "").startswith(script) for char in row["prompt"]
            )
    # A few are Latin on purpose: Hindi is often typed that way.
    assert all(native[language] / total[language] >= 0.9 for language in total)


@pytest.mark.parametrize(
    "path", [TRAIN / "multilingual.jsonl", SETS / "multilingual.jsonl", SETS / "odd_input.jsonl"]
)
def test_text_is_readable_in_the_file_not_escaped(path: Path) -> None:
    escaped = re.findall(r"\\u(?!00|20|feff|d83d)[0-9a-f]{4}", path.read_text("utf-8"))
    assert escaped == []


def test_odd_inputs_name_a_verdict_or_say_that_none_is_owed() -> None:
    odd = rows(SETS / "odd_input.jsonl")
    assert len(odd) >= 40
    assert len({row["id"] for row in odd}) == len({row["prompt"] for row in odd}) == len(odd)
    assert {row["expect"] for row in odd} == {*LABELS, "unsure", "any"}


def test_lexicon_gives_every_language_the_same_operations(lexicon: Lexicon) -> None:
    assert set(lexicon) == LARGE | OTHERS | {"en"}
    operations = list(lexicon["en"])
    for language, entries in lexicon.items():
        assert list(entries) == operations, language
        for operation, words in entries.items():
            assert 4 <= len(words) <= 30, (language, operation)
            assert len(set(words)) == len(words), (language, operation)
            assert all(normalised(word) and word == word.lower() for word in words), language


def test_lexicon_words_are_precise(lexicon: Lexicon, train: list[Row]) -> None:
    prompts: dict[str, list[str]] = {}
    for row in train:
        prompts.setdefault(row["language"], []).append(row["prompt"])
    for language, texts in prompts.items():
        for operation, words in lexicon[language].items():
            for word in words:
                share = sum(names(word, text, language) for text in texts) / len(texts)
                assert share <= 0.35, (language, operation, word, share)


def test_lexicon_tells_the_three_kinds_of_ask_apart(lexicon: Lexicon, kept: list[Row]) -> None:
    """Measured on prompts that no entry was chosen from."""
    signals: dict[str, tuple[str, ...]] = {
        "SIMPLE": ("lookup", "edit"),
        "CALCULATION": ("calculate", "quantity_words"),
        "COMPLEX": ("design", "prove", "create", "explain_why", "compare", "plan"),
    }
    named: Counter[tuple[str, str]] = Counter()
    total = Counter(row["label"] for row in kept)
    for row in kept:
        entries: dict[str, Any] = lexicon[row["language"]]
        for label, operations in signals.items():
            named[row["label"], label] += any(
                names(word, row["prompt"], row["language"])
                for operation in operations
                for word in entries[operation]
            )
    for label in LABELS:
        own = named[label, label] / total[label]
        foreign = max(named[other, label] / total[other] for other in LABELS if other != label)
        assert own > 2 * foreign, (label, own, foreign)
