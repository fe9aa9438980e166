"""Takes out what talks to the router instead of asking: pleas for a class, fake roles, templates.

A plea is dropped only if an ask is left, so a prompt *about* routing or roles keeps its words.
"""

from __future__ import annotations

import re

from router.analyzer.stuffing import strip_stuffing

# Cheap looks ahead: a pattern runs only if the text has one of its literals.
_PLEADING = (
    "simpl", "complex", "calculation", "trivial", "easy", "hard", "arithmetic", "math", "difficult",
    "reasoning", "expert", "cheap", "small", "large", "strong", "opus", "haiku", "basic", "tiny",
    "definition", "classif", "ignore", "forget",
)  # fmt: skip
_ADDRESSING = (
    "classif", "label", "rout", "tier", "categor", "analy", "model", "verdict", "escalat", "treat",
    "question", "request", "task", " ask", " one", "thing", "definition", "need", "ignore",
    "forget", "class", "answer", "return", "reply", "respond", "say", "simple", "complex",
    "calculation",
)  # fmt: skip
_TEMPLATES = ("{{", "{%", "{#", "<%", "<?", "${", "@{", "#{")
_RULES = ("....", "----", "____", "====", "****", "~~~~", "####", "^^^^", "ipsum", "[ ]", "[x]")
_FENCES = ("```", "~~~", '"""', "'''")
_SPACED = re.compile(r"(?:(?<!\S)\S {1,3}){8,}\S(?!\S)")
_MESSAGES = re.compile(r'"role"\s*:\s*"user"\s*,\s*"content"\s*:\s*"((?:[^"\\]|\\.)+)')
_USER_TURN = re.compile(
    r"^\W{0,3}(?:user|human|me|customer|q|role: user\s+content)\W{0,3}:\s*", re.M
)
_OTHER_TURN = re.compile(
    r"^\W{0,3}(?:assistant|ai|bot|you|system|model|a|role: system)\W{0,3}:", re.M
)
_HIDDEN = re.compile(r"<!--.{0,200}?-->|display:\s*none[^>]*>[^<]{0,120}<", re.S)
_TAG = re.compile(r"</?[a-z][^<>\n]{0,80}>")
_TEMPLATE = re.compile(
    r"\{[{%#]-?\s*([^{}%\n]{0,400}?)\s*-?[}%#]\}|<[%?](?:=|php)?\s*([^<>%\n]{0,120}?)\s*[%?]>"
    r"|[$@#]\{([^{}\n]{0,60})\}"
)
_RULE = re.compile(r"[.\-_=*~#^]{5,}|\[\s*[x ]\s*\]|lorem ipsum[^?!]{0,600}?(?:\.|$)", re.M)
_NAMED = re.compile(
    r"^\W{0,3}(?:text|prompt|query|input|question|content|message|ask|task|x"
    r"|request)\s*[=:]\s*(?=\S)",
    re.M,
)
_LABEL = (
    r"(?:simpl\w*|complex\w*|calculations?|trivial\w*|eas(?:y|ier|iest)|hard(?:er|est)?"
    r"|difficult\w*|arithmetic|maths?|definition|basic"
    r"|reasoning|expert(?:-level)?|cheap\w*|small\w*|large\w*|big\w*|strong\w*|top|low|high"
    r"|max\w*|opus|haiku|sonnet|o3|tiny|numeric)"
)
_META = (
    r"(?:classif\w*|label\w*|rout(?:e|er|ed|ing)\b\w*|tiers?|categor\w+|analy[sz]er"
    r"|analyze_complexity|(?:a|the|no|only|small|big|large|cheap\w*|best"
    r"|strong\w*|top|frontier) model|system|verdict|complexity|escalat\w*|treat|instructions?"
    r"|difficulty|task|class|needs?"
    r"|requires?|question|request|answer is|answer's|mark|tag|downgrade|upgrade|level"
    r"|send (?:this|it) to|score|probabilities|result"
    r"|forget|ignore|just|really|only|not|such an?|this is|it's|its)"
)
_PLEA = re.compile(
    rf"\b{_META}\b[^\n]{{0,60}}?\b{_LABEL}\b|\b{_LABEL}\b[^\n]{{0,40}}?\b{_META}\b"
    r"|\bignore (?:the|all|any|everything|previous)\b[^\n]{0,60}|\bforget (?:what|all"
    r"|everything)\b|do not classify"
    r"|\byou are (?:now )?\w*(?:router|classifier)\w*|^\W*(?:simple|complex|calculation)\W*$"
    r"|^\W*(?:answer|return|reply|respond|say)\W+(?:simple|complex|calculation)\W*$",
)
_SURE = re.compile(
    r"\b(?:classif\w*|label(?:led)?|rout(?:e|er|ed|ing)|tiers?|categor(?:y|ized)|analy[sz]er"
    r"|analyze_complexity|model|verdict|escalate|treat|"
    r"(?:simple|easy|trivial|hard|complex|numeric|maths?|small|tiny|quick"
    r"|basic)(?:, \w+)? (?:question|request|task|ask|one|thing|definition)|"
    r"no(?:t|thing) (?:at all )?(?:complex|hard|difficult)|needs? \S*reasoning|ignore|forget"
    r"|class|(?:answer|return|reply|respond with|says?) (?:only )?\W?"
    r"(?:simple|complex|calculation))\b|^\W*(?:simple|complex|calculation)\W*$"
)
_PIECE = re.compile(r"[^\n]+?(?:[.!?:;](?=\s)|(?=\s[(\[])|(?<=[)\]])(?=\s)|\s--? |$)|\n", re.M)
_WORD = re.compile(r"\w\w+")


def _unspaced(match: re.Match[str]) -> str:
    return re.sub(r"(?<=\S) (?=\S)", "", match.group()).replace("   ", " ").replace("  ", " ")


def _template(match: re.Match[str]) -> str:
    inner = match.group(1) or match.group(2) or match.group(3) or ""
    return f" {inner} " if len(_WORD.findall(inner)) > 4 else " "


def _last_user_turn(text: str) -> str:
    if '"role"' in text and (said := _MESSAGES.findall(text)):
        return str(said[-1]).replace("\\n", "\n").replace('\\"', '"')
    if "\n" not in text:  # two turns take two lines
        return text
    turns = list(_USER_TURN.finditer(text))
    if turns and _OTHER_TURN.search(text):
        last = text[turns[-1].end() :]
        if other := _OTHER_TURN.search(last):
            last = last[: other.start()]
        if len(_WORD.findall(last)) > 1:
            return last
    return text


def _without_pleas(text: str) -> str:
    pieces = _PIECE.findall(text)
    kept = [
        p for p in pieces if len(p) > 150 or "?" in p or not _SURE.search(p) or not _PLEA.search(p)
    ]
    left = "".join(kept)
    if len(kept) == len(pieces) or len(_WORD.findall(left)) < 2:
        return text
    return left


def _unfenced(text: str) -> str:
    """Return the content of a fence around the whole text, open at its end or closed."""
    mark = text[:3]
    if mark not in _FENCES:
        return text
    inner = text[3:].removesuffix(mark)
    language, newline, rest = inner.partition("\n")
    if newline and language.isalpha() and len(language) < 13:
        inner = rest
    return text if mark in inner else inner


def strip_noise(text: str) -> str:
    """Return folded text without parts that address the router; equal text if there are none."""
    has = text.__contains__
    if text.count(" ") * 3 > len(text):
        text = _SPACED.sub(_unspaced, text)
    if ":" in text:
        text = _last_user_turn(text)
    if "<" in text:
        text = _HIDDEN.sub(" ", text)
        if len(_TAG.findall(text)) <= 8:
            text = _TAG.sub(" ", text)
    if ("{" in text or "<" in text) and any(map(has, _TEMPLATES)):
        text = _TEMPLATE.sub(_template, text)
    if any(map(has, _RULES)):
        text = _RULE.sub(" ", text)
    text = strip_stuffing(_unfenced(text.strip()))
    if ":" in text or "=" in text:
        text = _NAMED.sub("", text)
    if any(map(has, _PLEADING)) and any(map(has, _ADDRESSING)):
        text = _without_pleas(text)
    return text.strip()
