"""A tool history as text, for a call in which a provider takes no tools. Pure.

Anthropic's models and Converse refuse blocks of tool calls and results in a call without tools, and
Converse has no ``tool_choice`` of ``none``. With a tool made up in their place the model could call
it; as text it sees what was done, and can only answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from router.conversation.blocks import Block, Reasoning, Text, ToolCall, ToolResult, Turn


def spoken(turns: Iterable[Turn]) -> Iterator[Turn]:
    """Yield the turns with tool calls and results in words; pictures in results are kept.

    They hold no thinking: its proof belongs to calls that are no longer there.
    """
    names: dict[str, str] = {}
    for turn in turns:
        names |= {call.id: call.name for call in turn.calls}
        if turn.calls or turn.results:
            blocks = tuple(part for block in turn.blocks for part in _in_words(block, names))
            yield replace(turn, blocks=blocks)
        else:
            yield turn


def _in_words(block: Block, names: dict[str, str]) -> Iterator[Block]:
    match block:
        case ToolCall(_, name, arguments):
            yield Text(f"[called the tool {name} with {arguments.strip() or '{}'}]")
        case ToolResult(call_id, parts, is_error, cache):
            what = "error" if is_error else "result"
            yield Text(f"[{what} of the tool {names.get(call_id, call_id)}]", None)
            yield from (replace(part, cache=None) for part in parts[:-1])
            yield from (replace(part, cache=cache) for part in parts[-1:])
        case Reasoning():
            return
        case _:
            yield block
