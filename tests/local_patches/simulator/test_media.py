"""Images and documents: what is seen of them, and what they count."""

from __future__ import annotations

from typing import Any

import pytest

from local.simulator import media
from tests.local_patches.simulator.files import (
    data_url,
    document,
    gif,
    image,
    jpeg,
    pdf,
    png,
    source,
    webp,
)
from tests.local_patches.simulator.wire import HAIKU, SONNET, Wire

TEXT = {"text": "What is this?"}


def converse(wire: Wire, *content: Any, model: str = HAIKU) -> Any:
    messages = [{"role": "user", "content": list(content)}]
    return wire.bedrock.converse(modelId=model, messages=messages)


def chat_image(wire: Wire, data: bytes, model: str = "gpt-6-luna", **detail: str) -> Any:
    url = {"url": data_url("image/png", data), **detail}
    content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": url}]
    return wire.chat(messages=[{"role": "user", "content": content}], model=model)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (png(640, 480), "png"),
        (jpeg(640, 480), "jpeg"),
        (gif(640, 480), "gif"),
        (webp(640, 480), "webp"),
    ],
)
def test_each_format_of_an_image_is_known_by_its_bytes(data: bytes, kind: str) -> None:
    assert (media.image_format(data), media.image_size(data)) == (kind, (640, 480))


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"%PDF"]
)
def test_what_is_no_image_has_no_size(data: bytes) -> None:
    assert media.image_size(data) is None


def test_pages_are_counted_in_object_streams_too() -> None:
    assert media.pdf_pages(pdf(3)) == media.pdf_pages(pdf(3, compressed=True)) == 3
    assert media.pdf_pages(pdf(0)) == 0
    assert media.pdf_pages(b"plain") is None


def test_every_api_sees_the_image_and_the_document(wire: Wire) -> None:
    picture, paper = png(640, 480), pdf(2)
    seen = "I was given a PNG image of 640 x 480 pixels, a PDF document of 2 pages."

    blocks = [
        {"type": "image", "source": source("image/png", picture)},
        {"type": "document", "source": source("application/pdf", paper)},
    ]
    image_url, file_data = data_url("image/png", picture), data_url("application/pdf", paper)
    parts = [
        {"type": "image_url", "image_url": {"url": image_url}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": file_data}},
    ]
    items = [
        {"type": "input_image", "image_url": image_url, "detail": "auto"},
        {"type": "input_file", "filename": "a.pdf", "file_data": file_data},
    ]

    answers = [
        converse(wire, TEXT, image(picture), document(paper, "paper", "pdf")),
        wire.message(messages=[{"role": "user", "content": blocks}]),
        wire.chat(messages=[{"role": "user", "content": parts}]),
        wire.respond([{"role": "user", "content": items}]),
    ]

    assert [
        answers[0]["output"]["message"]["content"][-1]["text"],
        answers[1].content[-1].text,
        answers[2].choices[0].message.content,
        answers[3].output_text,
    ] == [seen] * 4


def test_text_documents_are_read(wire: Wire) -> None:
    answer = converse(wire, TEXT, document(b"Name,Age\nAda,36\n"))

    text = answer["output"]["message"]["content"][-1]["text"]
    assert text == "I was given a CSV document that begins with “Name,Age Ada,36”."


def test_an_image_in_a_tools_result_is_seen(wire: Wire) -> None:
    spec = {"toolSpec": {"name": "shoot", "inputSchema": {"json": {"type": "object"}}}}
    use = {"toolUseId": "a", "name": "shoot", "input": {}}
    result = {"toolUseId": "a", "content": [image(png(9, 9))]}
    messages = [
        {"role": "user", "content": [{"text": "Look"}]},
        {"role": "assistant", "content": [{"toolUse": use}]},
        {"role": "user", "content": [{"toolResult": result}]},
    ]

    answer = wire.bedrock.converse(modelId=HAIKU, messages=messages, toolConfig={"tools": [spec]})

    assert "9 x 9 pixels" in answer["output"]["message"]["content"][0]["text"]


@pytest.mark.parametrize(
    ("model", "size", "tokens"),
    [
        (HAIKU, (28, 28), 1),
        (HAIKU, (1000, 1000), 36 * 36),
        (HAIKU, (200, 200), 64),
        (HAIKU, (7000, 7000), 69 * 69),  # as many as 4,784 allow
        (SONNET, (8000, 100), 92 * 2),  # 2576 pixels at the longest edge
        ("us.anthropic.claude-sonnet-4-6", (4000, 4000), 39 * 39),  # within 1,568
    ],
)
def test_claude_counts_patches_of_28_pixels(
    wire: Wire, model: str, size: tuple[int, int], tokens: int
) -> None:
    plain = converse(wire, TEXT, model=model)["usage"]["inputTokens"]

    seen = converse(wire, TEXT, image(png(*size)), model=model)["usage"]["inputTokens"]

    assert seen - plain == tokens


@pytest.mark.parametrize(
    ("model", "detail", "size", "tokens"),
    [
        ("gpt-4o-mini", "low", (4000, 4000), 2833),
        ("gpt-4o-mini", "auto", (512, 512), 2833 + 5667),
        ("gpt-4o-mini", "high", (2048, 4096), 2833 + 6 * 5667),
        ("gpt-6-luna", "auto", (320, 320), 120),
        ("gpt-6-luna", "high", (1024, 1024), 1229),  # 1,024 patches, times 1.2
        ("gpt-6-luna", "low", (4000, 4000), 308),  # 16 x 16 patches
        ("gpt-4.1-mini", "auto", (1024, 1024), 1659),  # 1,024 patches, times 1.62
    ],
)
def test_openai_counts_tiles_or_patches(
    wire: Wire, model: str, detail: str, size: tuple[int, int], tokens: int
) -> None:
    plain = wire.chat("What is this?", model=model).usage.prompt_tokens

    seen = chat_image(wire, png(*size), model, detail=detail).usage.prompt_tokens

    assert seen - plain == tokens


def test_a_page_counts_as_an_image_of_it(wire: Wire) -> None:
    one, three = (
        converse(wire, TEXT, document(pdf(pages), "paper", "pdf"))["usage"]["inputTokens"]
        for pages in (1, 3)
    )

    assert three - one == 2 * 1533
