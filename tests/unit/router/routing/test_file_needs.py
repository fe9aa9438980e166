"""A plan leaves out models whose provider refuses the files, and a refusal names the limit."""

from __future__ import annotations

from typing import Any

import pytest

from router.catalog.file_limits import file_limits
from router.conversation.blocks import Document, Image
from router.conversation.media import Media
from router.routing.file_needs import too_much


def image(size: int = 1000, side: int = 500) -> Image:
    return Image(Media("image/png", "hash", size, s3="s3://b/k", width=side, height=side))


def document(media_type: str = "application/pdf", **facts: Any) -> Document:
    return Document(Media(media_type, "hash", facts.pop("size", 1000), s3="s3://b/k", **facts))


@pytest.mark.parametrize(
    ("provider", "media", "expected"),
    [
        ("bedrock", [image()] * 20, []),
        ("bedrock", [image()] * 21, ["21 images (at most 20)"]),
        ("bedrock", [image(size=3_932_161)], ["an image of 3932161 bytes (at most 3932160)"]),
        ("bedrock", [image(side=8_001)], ["an image of 8001 pixels a side (at most 8000)"]),
        ("bedrock", [document()] * 6, ["6 documents (at most 5)"]),
        ("bedrock", [document(size=4_718_593)],
         ["a document of 4718593 bytes (at most 4718592)"]),
        ("bedrock", [document("text/csv")], []),
        ("anthropic", [image()] * 101, ["101 images (at most 100)"]),
        ("anthropic", [image(side=2_001)] * 21,
         ["an image of 2001 pixels a side beside more than 19 others (at most 2000)"]),
        ("anthropic", [document(pages=101)], ["101 pages (at most 100)"]),
        ("anthropic", [document(size=25_000_000)],
         ["files of 33333336 bytes as base64 (at most 32000000 a request)"]),
        ("openai", [document("text/csv")], ["csv documents (only pdf)"]),
        ("openai", [image(size=52_428_801)],
         ["an image of 52428801 bytes (at most 52428800)"]),
        ("mistral", [image()] * 5_000, []),
    ],
)  # fmt: skip
def test_each_limit_is_checked_and_named(
    provider: str, media: list[Any], expected: list[str]
) -> None:
    assert list(too_much(media, file_limits(provider, 200_000))) == expected


def test_a_model_with_a_large_window_takes_more_of_anthropics_files() -> None:
    media = [image()] * 600 + [document(pages=600)]

    assert list(too_much(media, file_limits("anthropic", 1_000_000))) == []
    assert list(too_much(media, file_limits("anthropic", 200_000))) != []
