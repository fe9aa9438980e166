"""Documents as chunks: where they are cut, how they are named, how words find them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from router.workflows.corpus.chunks import Document, object_key, object_keys
from router.workflows.corpus.keywords import KeywordIndex
from router.workflows.corpus.splitting import split

DOCS = Path(__file__).parents[4] / "docs"


def index_of(*texts: str) -> KeywordIndex:
    return KeywordIndex(Document("a.md", "1", texts).chunks)


def test_a_chunk_begins_with_the_headings_that_it_is_under() -> None:
    text = "# Keys\n\nGeneral.\n\n## Rotation\n\nOnce a month.\n\n# Prices\n\nLow."

    assert split(text) == [
        "Keys\n\nGeneral.",
        "Keys > Rotation\n\nOnce a month.",
        "Prices\n\nLow.",
    ]


def test_a_hash_within_code_is_no_heading_and_a_blank_line_ends_no_code() -> None:
    text = "# Use\n\n```sh\nmake up\n\n# not a heading\nmake down\n```\n\nDone."

    assert split(text) == ["Use\n\n```sh\nmake up\n\n# not a heading\nmake down\n```\n\nDone."]


@given(st.text(alphabet="ab .\n#`", max_size=400))
def test_no_chunk_is_too_long_and_no_word_is_lost(text: str) -> None:
    chunks = split(text, 60)

    assert all(0 < len(chunk) <= 60 for chunk in chunks)
    plain = "\n".join(line for line in text.splitlines() if "#" not in line)
    assert plain.count("a") <= "".join(chunks).count("a")


def test_a_document_is_one_object_that_its_chunks_ids_lead_to() -> None:
    document = Document("docs/keys.md", "v7", ("one", "two"))

    assert Document.from_bytes(document.to_bytes()) == document
    ids = [chunk.id for chunk in document.chunks]
    assert object_keys([*ids, "x123", "../../etc"]) == [object_key("docs/keys.md")]


def test_the_same_words_are_the_same_content_whatever_the_line_breaks() -> None:
    one, other, third = Document("a", "1", ("to be", "to\nbe", "not to be")).chunks

    assert one.content == other.content != third.content


def test_a_rare_word_counts_for_more_than_a_frequent_one() -> None:
    index = index_of("the key and the key", "the lock", "the door", "the budget of the key")

    best, _ = index.find("the budget", 2)[0]
    assert best.text == "the budget of the key"


def test_a_word_is_found_in_its_other_forms_and_an_identifier_by_its_parts() -> None:
    index = index_of("Key rotation: put_openai_api_key", "Budgets end requests.")

    assert [chunk.text for chunk, _ in index.find("how do I rotate an OpenAI key", 5)] == [
        "Key rotation: put_openai_api_key"
    ]


def test_what_shares_no_word_is_not_found() -> None:
    assert index_of("Budgets end requests.").find("banana", 5) == []
    assert KeywordIndex(()).find("anything", 5) == []


def test_the_project_s_own_documents_answer_where_the_answer_is() -> None:
    documents = [
        Document(path.name, "1", tuple(split(path.read_text(encoding="utf-8"))))
        for path in sorted(DOCS.glob("*.md"))
    ]
    index = KeywordIndex(chunk for each in documents for chunk in each.chunks)

    best, _ = index.find("How do I rotate the OpenAI key?", 1)[0]

    assert best.source == "runbook.md"
    assert "put_openai_api_key" in best.text
