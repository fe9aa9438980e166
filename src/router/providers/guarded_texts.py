"""The texts of a call that a guardrail is shown. Pure."""

from __future__ import annotations

import json

from router.conversation.blocks import Text
from router.conversation.writing import write_tools
from router.invocation.call import Answer, ModelCall


def unseen_texts(call: ModelCall) -> list[str]:
    """Return what Converse's own guardrail does not see: instructions, the schema of the answer,
    tools, and the calls and results of tools in the conversation."""
    conversation = call.conversation
    texts = [block.text for block in conversation.system]
    if call.schema is not None:
        texts.append(json.dumps(call.schema, ensure_ascii=False))
    texts += [json.dumps(tool, ensure_ascii=False) for tool in write_tools(conversation.tools)]
    for turn in conversation.turns:
        texts += [call.arguments for call in turn.calls]
        texts += [result.text for result in turn.results]
    return _said(texts)


def all_texts(call: ModelCall) -> list[str]:
    """Return every text of a call."""
    turns = call.conversation.turns
    said = [block.text for turn in turns for block in turn.blocks if isinstance(block, Text)]
    return [*unseen_texts(call), *_said(said)]


def unseen_in(answer: Answer) -> list[str]:
    """Return what Converse's own guardrail does not see of an answer: thinking, and calls of
    tools."""
    thought = [block.text for block in answer.reasoning]
    return _said([*thought, *(call.arguments for call in answer.calls)])


def texts_of(answer: Answer) -> list[str]:
    """Return every text of an answer that a caller is given."""
    return [*_said([answer.text]), *unseen_in(answer)]


def _said(texts: list[str]) -> list[str]:
    return [text for text in texts if text.strip()]
