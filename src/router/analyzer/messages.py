"""Reads the messages of a conversation in OpenAI's chat shape: text, and how much is no text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from router.analyzer.lexicon import words

Message = Mapping[str, Any]

_TEXT_PARTS = ("text", "input_text", "output_text")
_TAG = re.compile(r"<([a-z][\w-]{2,40})(?:\s[^<>]{0,200})?>", re.I)
# Blocks that coding assistants and other harnesses put into the user's turn.
_HARNESS = words(
    """system-reminder system_reminder environment_details environment_context environment env
    user_info user-info user_context git_status git-status project_layout project_context
    additional_data open_and_recently_viewed_files recently_viewed_files attached_files
    workspace_info workspace editor_context editor_state ide_state ide_opened_file ide_selection
    command-name command-message command-args local-command-stdout local-command-stderr
    local-command-caveat available_tools tool_definitions tools functions user_rules rules
    agent_skills available_skills memory memories session_context current_time reminder
    reminders system system_prompt instructions_for_tools cursor_rules"""
)
# The text between these is the ask itself.
_ASKING = words(
    """question query user_query user-query user_question user_request user-request request
    user_message user-message user_input task user_task ask prompt instruction issue_comment
    feedback"""
)
# Compiled on first use: few prompts hold such lines, and a cold start would wait.
_FACT = (
    r"(?im)^[ \t#*>-]*(?:current |primary )?(?:working director(?:y|ies)|cwd|date|time"
    r"|today'?s date|os version|operating system|platform|shell|is (?:directory a )?git repo"
    r"|git branch|knowledge cutoff|time ?zone|open tabs|visible files)[ \t]*:.*$\n?"
)
_SPEAKER = (
    r"(?im)^\W{0,3}(?:(?P<user>user|human|me|customer|client)|assistant|ai|bot|agent|chatbot)"
    r"\W{0,3}:[ \t]*"
)
_USER_LABELS = (
    "ser:",
    "SER:",
    "uman:",
    "UMAN:",
    "me:",
    "Me:",
    "ME:",
    "ustomer:",
    "lient:",
    "ser*",
    "uman*",
)
_FACTS = ("irectory:", "cwd", "ate:", "latform:", "hell:", "ranch:", "one:", "epo:", "abs:")


class Context(NamedTuple):
    """What surrounds a turn, counted; no word of it steers a label."""

    turns: int = 0  # of the user, before this one
    table_lines: int = 0
    code_lines: int = 0
    documents: int = 0  # thousands of characters that are neither
    after_tool: bool = False


ALONE = Context()


def text_of(message: Message) -> str:
    """Return the text of a message; parts that are no text are left to :func:`attachments`."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple):
        return ""
    return "\n".join(
        part if isinstance(part, str) else str(part.get("text") or "")
        for part in content
        if isinstance(part, str) or (isinstance(part, Mapping) and part.get("type") in _TEXT_PARTS)
    )


def attachments(message: Message) -> int:
    """Return how many parts of a message are no text: pictures, sound, files."""
    content = message.get("content")
    if not isinstance(content, list | tuple):
        return 0
    return sum(isinstance(p, Mapping) and p.get("type") not in _TEXT_PARTS for p in content)


def without_harness(text: str) -> str:
    """Take out blocks that a framework added, and put an ask between tags at the end.

    Equal text if there is neither; the work is linear in the text.
    """
    if "<" in text:
        text = _unwrapped(text)
    if any(map(text.__contains__, _FACTS)):
        bare = re.sub(_FACT, "", text)
        text = bare if bare.strip() else text
    return text


def _unwrapped(text: str) -> str:
    lower = text.lower()
    if len(lower) != len(text):  # a letter changed its length: places would not agree
        lower = text
    kept: list[str] = []
    asked: list[str] = []
    start = 0
    unclosed: set[str] = set()
    for tag in _TAG.finditer(text):
        name = tag.group(1).lower()
        if tag.start() < start or name in unclosed:
            continue
        if name not in _HARNESS and name not in _ASKING:
            continue
        end = lower.find(f"</{name}>", tag.end())
        if end < 0:
            unclosed.add(name)
            continue
        kept.append(text[start : tag.start()])
        start = end + len(name) + 3
        if name in _ASKING:
            asked.append(text[tag.end() : end].strip())
    if not start:
        return text
    kept.append(text[start:])
    rest = "".join(kept).strip()
    found = "\n\n".join(part for part in (rest, *asked) if part)
    return found or text


def transcript(prompt: str) -> list[Message]:
    """Return the turns of a prompt that is a conversation written down, or none."""
    if "\n" not in prompt or not any(map(prompt.__contains__, _USER_LABELS)):
        return []
    labels = list(re.finditer(_SPEAKER, prompt[:20_000]))
    if len(labels) < 2 or not any(label.group("user") for label in labels):
        return []
    ends = [*(label.start() for label in labels[1:]), len(prompt)]
    found: list[Message] = []
    if opening := prompt[: labels[0].start()].strip():
        found.append({"role": "user", "content": opening})
    for label, end in zip(labels, ends, strict=True):
        role = "user" if label.group("user") else "assistant"
        found.append({"role": role, "content": prompt[label.end() : end].strip()})
    return found


def counted(texts: Iterable[str]) -> tuple[int, int, int]:
    """Return how many lines of tables and of code, and thousands of other characters there are."""
    tables = code = other = 0
    for text in (whole[:6000] for whole in texts):
        fenced = False
        for line in text.split("\n"):
            if line.startswith("```"):
                fenced = not fenced
                code += 1
            elif fenced or line.rstrip()[-1:] in (";", "{", "}", ")"):
                code += 1
            elif line.count("|") > 2 or line.count("\t") > 1 or line.count(",") > 3:
                tables += 1
            else:
                other += len(line)
        tables += text.count('": ') // 3
    return tables, code, other // 1000


def surroundings(before: Sequence[Message], after_tool: bool) -> Context:
    """Count the turns before one; bounded, however long the conversation is."""
    users = [m for m in before if m.get("role") == "user"]
    seen = [m for m in before[:3] if m.get("role") in ("system", "developer")]
    seen += users[:1]
    seen += [m for m in before[-4:] if m.get("role") in ("tool", "user") and m not in seen]
    return Context(len(users), *counted(map(text_of, seen)), after_tool)
