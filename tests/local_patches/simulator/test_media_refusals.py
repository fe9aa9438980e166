"""Images and documents that the providers refuse."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic import BadRequestError as AnthropicBadRequest
from botocore.exceptions import ClientError
from openai import BadRequestError as OpenAIBadRequest

from cost_calculator.aws.error_codes import code_of
from tests.local_patches.simulator.files import data_url, document, image, pdf, png, source
from tests.local_patches.simulator.test_media import TEXT, converse
from tests.local_patches.simulator.wire import Wire

DOT = data_url("image/png", png(1, 1))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([TEXT, image(png(1, 1), "jpeg")], "appears to be a image/png image"),
        ([TEXT, image(b"nonsense")], "Could not process image"),
        ([TEXT, image(png(1, 1), "bmp")], "enum value set"),
        ([TEXT, image(png(8001, 10))], "exceed max allowed size: 8000 pixels"),
        ([TEXT, image(png(9, 9, 4 * 1024 * 1024))], r"3\.75 MB"),
        ([TEXT, *[image(png(9, 9))] * 21], "more than 20 images"),
        ([TEXT, *[document(name=f"d{n}") for n in range(6)]], "more than 5 documents"),
        ([TEXT, document(), document()], "can't contain duplicate document names"),
        ([TEXT, document(name="report.pdf")], "can only contain alphanumeric characters"),
        ([TEXT, document(name="two  spaces")], "more than one consecutive whitespace"),
        ([TEXT, document(name="a" * 201)], "less than or equal to 200"),
        ([TEXT, document(b"x" * 4_800_000)], r"4\.5 MB"),
        ([TEXT, document(kind="exe")], "enum value set"),
        ([document()], "without a text block"),
        ([TEXT, document(pdf(0), "paper", "pdf")], "PDF specified was not valid"),
        ([TEXT, document(b"no pdf", "paper", "pdf")], "PDF specified was not valid"),
        ([TEXT, document(pdf(601), "paper", "pdf")], "A maximum of 600 PDF pages"),
        (
            [
                TEXT,
                {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/a"}}}},
            ],
            "S3 locations",
        ),
    ],
)
def test_converse_refuses(wire: Wire, content: list[Any], words: str) -> None:
    with pytest.raises(ClientError, match=words) as caught:
        converse(wire, *content)

    assert code_of(caught.value) == "ValidationException"


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (
            {"type": "image", "source": {"type": "url", "url": "http://169.254.169.254/"}},
            "Unable to download the file",
        ),
        (
            {
                "type": "image",
                "source": source("image/bmp", b"x"),
            },
            "Input should be 'image/jpeg'",
        ),
        (
            {
                "type": "image",
                "source": source("image/png", b"x"),
            },
            "Could not process image",
        ),
        (
            {
                "type": "document",
                "source": source("text/csv", b"x"),
            },
            "Input should be 'application/pdf'",
        ),
        (
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "no base64"},
            },
            "Invalid base64 data",
        ),
    ],
)
def test_anthropic_refuses(wire: Wire, block: dict[str, Any], words: str) -> None:
    with pytest.raises(AnthropicBadRequest, match=words):
        wire.message(messages=[{"role": "user", "content": [block]}])


def test_many_images_have_to_be_smaller(wire: Wire) -> None:
    blocks = [{"type": "image", "source": source("image/png", png(2001, 9))}] * 21

    with pytest.raises(AnthropicBadRequest, match="many-image requests: 2000 pixels"):
        wire.message(messages=[{"role": "user", "content": blocks}])
    assert wire.message(messages=[{"role": "user", "content": blocks[:20]}]).content


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (
            {"type": "image_url", "image_url": {"url": "http://10.0.0.1/a.png"}},
            "Failed to download",
        ),
        (
            {"type": "image_url", "image_url": {"url": data_url("image/png", b"x")}},
            "unsupported image",
        ),
        (
            {
                "type": "image_url",
                "image_url": {"url": data_url("image/png", png(1, 1)), "detail": "x"},
            },
            "Supported values are: 'low'",
        ),
        ({"type": "image_url", "image_url": "data:image/png;base64,AA=="}, "expected an object"),
        ({"type": "file", "file": {"file_id": "file-1"}}, "stores no files"),
        (
            {"type": "file", "file": {"file_data": data_url("text/csv", b"a"), "filename": "a"}},
            "unsupported MIME type 'text/csv'",
        ),
        (
            {"type": "file", "file": {"file_data": data_url("application/pdf", pdf(0))}},
            "not a PDF that can be read",
        ),
        ({"type": "input_audio", "input_audio": {}}, "does not support audio"),
        ({"type": "video"}, "Supported values are: 'text'"),
    ],
)
def test_chat_completions_refuse(wire: Wire, part: dict[str, Any], words: str) -> None:
    with pytest.raises(OpenAIBadRequest, match=words):
        wire.chat(messages=[{"role": "user", "content": [part]}])
