"""Instructor around OpenAI's client."""

from __future__ import annotations

from typing import Any

import instructor
from instructor.processing.multimodal import PDF, Image
from openai import OpenAI
from pydantic import BaseModel
from shared import BASE_URL, KEY, Ask, City


def _ask(ask: Ask, content: object, kind: type[BaseModel] | None) -> Any:
    client = instructor.from_openai(
        OpenAI(base_url=BASE_URL, api_key=KEY), mode=instructor.Mode.TOOLS
    )
    messages = [{"role": "user", "content": content}]
    return client.chat.completions.create(
        model=ask.model, response_model=kind, messages=messages, max_retries=0
    )


def _said(ask: Ask, *parts: object) -> str:
    # Without a model of the answer, Instructor converts what is asked and hands on what comes.
    return _ask(ask, [ask.prompt, *parts], None).choices[0].message.content


def text(ask: Ask) -> str:
    return _said(ask)


def image(ask: Ask) -> str:
    return _said(ask, Image.from_base64(ask.picture_url))


def document(ask: Ask) -> str:
    return _said(ask, PDF.from_base64(ask.report_url))


def structured(ask: Ask) -> str:
    return _ask(ask, ask.prompt, City).model_dump_json()
