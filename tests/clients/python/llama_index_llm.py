"""LlamaIndex's OpenAILike."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from llama_index.core.llms import ChatMessage, DocumentBlock, ImageBlock, TextBlock
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike
from shared import BASE_URL, KEY, TOOLS, Ask, City


def _llm(ask: Ask) -> OpenAILike:
    return OpenAILike(
        model=ask.model, api_base=BASE_URL, api_key=KEY, is_chat_model=True,
        is_function_calling_model=True, should_use_structured_outputs=True, max_retries=0,
    )  # fmt: skip


def _said(ask: Ask, block: object) -> str:
    turn = ChatMessage(role="user", blocks=[TextBlock(text=ask.prompt), block])
    return _llm(ask).chat([turn]).message.content


def text(ask: Ask) -> str:
    return _llm(ask).complete(ask.prompt).text


def stream(ask: Ask) -> Iterator[str]:
    chunks = _llm(ask).stream_complete(ask.prompt)
    try:
        for chunk in chunks:
            if chunk.delta:
                yield chunk.delta
    finally:
        chunks.close()


def tools(ask: Ask) -> str:
    llm, made = _llm(ask), {n: FunctionTool.from_defaults(t, name=n) for n, t in TOOLS.items()}
    turns = [ChatMessage(role="user", content=ask.prompt)]
    while True:
        answer = llm.chat_with_tools(
            list(made.values()), chat_history=turns, allow_parallel_tool_calls=True
        )
        turns.append(answer.message)
        calls = llm.get_tool_calls_from_response(answer, error_on_no_tool_call=False)
        if not calls:
            return answer.message.content
        for call in calls:
            result = made[call.tool_name](**call.tool_kwargs)
            kwargs = {"tool_call_id": call.tool_id}
            turns.append(ChatMessage(role="tool", content=str(result), additional_kwargs=kwargs))


def image(ask: Ask) -> str:
    return _said(ask, ImageBlock(image=base64.b64decode(ask.picture), image_mimetype="image/png"))


def document(ask: Ask) -> str:
    report = DocumentBlock(
        data=base64.b64decode(ask.report), document_mimetype="application/pdf", title="report.pdf"
    )
    return _said(ask, report)


def structured(ask: Ask) -> str:
    llm = _llm(ask).as_structured_llm(City)
    return llm.complete(ask.prompt).raw.model_dump_json()
