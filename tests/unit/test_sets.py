"""The prompt sets keep their schema, their balance, and their distance from one another."""

import json
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HANDWRITTEN = [
    ROOT / "eval/data/train/handwritten.jsonl",
    ROOT / "tests/sets/handwritten.jsonl",
    ROOT / "eval/data/train/styles.jsonl",
    ROOT / "eval/data/train/contrast.jsonl",
]
REDTEAM = [ROOT / "eval/data/train/redteam.jsonl", ROOT / "tests/sets/redteam.jsonl"]
TRAIN = [HANDWRITTEN[0], REDTEAM[0], HANDWRITTEN[2], HANDWRITTEN[3]]
MEASURED = [HANDWRITTEN[1], REDTEAM[1]]
LABELS = {"SIMPLE", "CALCULATION", "COMPLEX"}
DATA = Path(os.environ.get("FAREGATE_DATA", ROOT / "../shared/data")) / "complexity/train.jsonl"
SHINGLE = 8  # words in a row that two independently written prompts do not share

Row = dict[str, Any]


@cache
def read(path: Path) -> list[Row]:
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines.pop() == "", f"{path.name} does not end with a line break"
    return [json.loads(line) for line in lines]


def name(path: Path) -> str:
    return "/".join(path.parts[-2:])


@cache
def words(text: str) -> tuple[str, ...]:
    """Return the words of a text, the same for a copy in other case, marks or width."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    if not folded.isascii():
        folded = "".join(c for c in folded if unicodedata.category(c) not in {"Cf", "Mn"})
    return tuple(re.findall(r"\w+|[^\w\s.,;:!?'\"’“”]", folded))


def texts(row: Row) -> Iterator[str]:
    yield row["prompt"]
    if "clean" in row:
        yield row["clean"]


def normalised(paths: list[Path]) -> dict[str, str]:
    return {
        " ".join(words(text)): row["id"] for path in paths for row in read(path)
        for text in texts(row) if words(text)
    }  # fmt: skip


def shingles(text: str) -> set[tuple[str, ...]]:
    found = [word for word in words(text) if word[0].isalpha()]
    return {tuple(found[i : i + SHINGLE]) for i in range(len(found) - SHINGLE + 1)}


@pytest.mark.parametrize("path", HANDWRITTEN + REDTEAM, ids=name)
def test_every_row_has_exactly_the_documented_fields(path: Path) -> None:
    fields = {"id", "prompt", "label", "family"} | ({"clean"} if path in REDTEAM else set())

    for row in read(path):
        assert set(row) == fields, row["id"]
        assert all(isinstance(value, str) and value for value in row.values()), row["id"]
        assert row["label"] in LABELS, row["id"]
        assert re.fullmatch(r"[a-z]{2}-[a-z0-9-]+-\d{3}", row["id"]), row["id"]
        assert row["id"].split("-", 1)[1].rsplit("-", 1)[0] == row["family"], row["id"]


@pytest.mark.parametrize("path", HANDWRITTEN + REDTEAM, ids=name)
def test_ids_and_prompts_are_unique_in_a_file(path: Path) -> None:
    rows = read(path)

    ids = Counter(row["id"] for row in rows)
    prompts = Counter(row["prompt"].casefold().strip() for row in rows)

    assert [key for key, count in ids.items() if count > 1] == []
    assert [key for key, count in prompts.items() if count > 1] == []


def test_ids_are_unique_over_all_files() -> None:
    ids = Counter(row["id"] for path in HANDWRITTEN + REDTEAM for row in read(path))

    assert max(ids.values()) == 1


def test_no_measured_prompt_or_its_clean_ask_is_trained_on() -> None:
    trained, measured = normalised(TRAIN), normalised(MEASURED)

    shared = {measured[key]: trained[key] for key in measured.keys() & trained.keys()}

    assert shared == {}


def test_no_measured_prompt_shares_a_run_of_words_with_a_trained_one() -> None:
    trained = {
        shingle: row["id"] for path in TRAIN for row in read(path)
        for text in texts(row) for shingle in shingles(text)
    }  # fmt: skip

    shared = {
        row["id"]: trained[shingle] for path in MEASURED for row in read(path)
        for text in texts(row) for shingle in shingles(text) if shingle in trained
    }  # fmt: skip

    assert shared == {}


@pytest.mark.skipif(not DATA.is_file(), reason="the public training data is not here")
def test_no_measured_prompt_is_in_the_public_training_data() -> None:
    public = {" ".join(words(row["prompt"])) for row in read(DATA)}

    assert {row for key, row in normalised(MEASURED).items() if key in public} == set()


@pytest.mark.parametrize(
    ("path", "rows", "families", "rows_per_family"),
    [
        (TRAIN[0], 900, 30, 10),
        (TRAIN[1], 500, 15, 10),
        (TRAIN[2], 1200, 40, 10),
        (MEASURED[0], 240, 10, 12),
        (MEASURED[1], 160, 15, 6),
    ],
    ids=lambda value: name(value) if isinstance(value, Path) else str(value),
)
def test_a_set_is_large_and_wide_enough_to_say_something(
    path: Path, rows: int, families: int, rows_per_family: int
) -> None:
    counts = Counter(row["family"] for row in read(path))

    assert sum(counts.values()) >= rows
    assert len(counts) >= families
    assert {f: n for f, n in counts.items() if n < rows_per_family} == {}


@pytest.mark.parametrize("path", HANDWRITTEN + REDTEAM, ids=name)
def test_a_family_does_not_give_the_label_away(path: Path) -> None:
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for row in read(path):
        labels[row["family"]][row["label"]] += 1

    assert [family for family, seen in labels.items() if len(seen) < 2] == []


@pytest.mark.parametrize("path", HANDWRITTEN + REDTEAM, ids=name)
def test_no_label_is_rare(path: Path) -> None:
    counts = Counter(row["label"] for row in read(path))

    assert {label for label in LABELS if counts[label] < 0.2 * counts.total()} == set()


@pytest.mark.parametrize("path", REDTEAM, ids=name)
def test_an_attacked_prompt_differs_from_its_clean_ask(path: Path) -> None:
    assert [row["id"] for row in read(path) if row["prompt"] == row["clean"]] == []


def test_an_ask_written_for_two_sets_or_rows_has_one_label() -> None:
    seen: dict[str, tuple[str, str]] = {}
    for path in HANDWRITTEN + REDTEAM:
        for row in read(path):
            key = " ".join(words(row["clean"] if "clean" in row else row["prompt"]))
            label, first = seen.setdefault(key, (row["label"], row["id"]))
            assert not key or label == row["label"], f"{first} and {row['id']} disagree"
