from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.conversation.blocks import Conversation, Image, Text, Turn
from router.conversation.digest import by_content
from router.conversation.media import media_of_bytes
from router.conversation.size import sent_bytes, tokens_of
from router.errors import InvalidRequest
from tests.support.conversations import paper, pdf, picture, png

JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", 480, 640) + b"\x03\x01\x22\x00"
)
GIF = b"GIF89a" + struct.pack("<HH", 640, 480) + b"\x00\x00\x00"
WEBP = (
    b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00"
    + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")
)  # fmt: skip


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(png(640, 480), "image/png"), (JPEG, "image/jpeg"), (GIF, "image/gif"), (WEBP, "image/webp")],
)
def test_type_and_size_come_from_the_bytes(content: bytes, media_type: str) -> None:
    for word in (media_type, "", "application/octet-stream"):
        media = media_of_bytes(content, word, "x")
        assert (media.media_type, media.width, media.height) == (media_type, 640, 480)


@pytest.mark.parametrize(
    ("content", "word", "says"),
    [
        (b"", "image/png", "empty file"),
        (b"hello", "image/png", "says image/png and is not"),
        (b"hello", "application/pdf", "says application/pdf and is not"),
        (b"hello", "audio/wav", "of type audio/wav"),
        (b"hello", "", "of type unknown"),
        (png(), "image/jpeg", "says image/jpeg and is image/png"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(content: bytes, word: str, says: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        media_of_bytes(content, word, "messages[0]")

    assert says in str(refused.value)


@given(st.binary(min_size=1, max_size=40), st.sampled_from([png(), JPEG, GIF, WEBP, pdf()]))
def test_no_bytes_break_the_reader(rest: bytes, start: bytes) -> None:
    for cut in (3, 9, 15, 25, len(start)):
        try:
            media_of_bytes(start[:cut] + rest, "", "x")
        except InvalidRequest:
            continue


@pytest.mark.parametrize(
    ("media", "tokens"),
    [
        (picture(28, 28), 85),
        (picture(280, 560), 200),
        (picture(8000, 8000), 4784),
        (paper(3), 3 * 1533 + len(pdf(3)) // 4),
        (media_of_bytes(b"a,b\n" * 100, "text/csv", "x"), 100),
    ],
)
def test_a_file_counts_by_its_tokens(media: object, tokens: int) -> None:
    assert tokens_of(media) == tokens  # type: ignore[arg-type]


def test_a_picture_adds_its_tokens_and_not_its_base64() -> None:
    asked = Conversation((Turn("user", (Text("What is it?"),)),))
    shown = Conversation((Turn("user", (Text("What is it?"), Image(picture(280, 560)))),))

    assert 4 * 200 <= sent_bytes(shown) - sent_bytes(asked) <= 4 * 200 + 120


def test_the_same_file_in_other_spelling_is_the_same_content() -> None:
    url = picture().data_url
    spelled = url[:40] + "\n" + url[40:]

    assert by_content({"a": [url]}) == by_content({"a": [spelled]})
    assert by_content({"a": [url]}) != by_content({"a": [picture(9, 9).data_url]})
