"""DSPy's LM, which its modules ask."""

from __future__ import annotations

import dspy
from shared import BASE_URL, KEY, Ask, City


def _said(ask: Ask, *parts: dict, **options: object) -> str:
    lm = dspy.LM(f"openai/{ask.model}", api_base=BASE_URL, api_key=KEY, cache=False)
    content = [{"type": "text", "text": ask.prompt}, *parts]
    [answer] = lm(messages=[{"role": "user", "content": content}], **options)
    return answer if isinstance(answer, str) else answer["text"]


def text(ask: Ask) -> str:
    return _said(ask)


def image(ask: Ask) -> str:
    return _said(ask, {"type": "image_url", "image_url": {"url": ask.picture_url}})


def document(ask: Ask) -> str:
    file = {"filename": "report.pdf", "file_data": ask.report_url}
    return _said(ask, {"type": "file", "file": file})


def structured(ask: Ask) -> str:
    return _said(ask, response_format=City)
