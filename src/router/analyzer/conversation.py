"""Finds what the last turn of a conversation asks for, by the roles of its messages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from router.analyzer.lexicon import words
from router.analyzer.messages import (
    ALONE,
    Context,
    Message,
    surroundings,
    text_of,
    transcript,
    without_harness,
)
from router.analyzer.verbs import IMPERATIVES

SHORT = 6  # words; a turn of no more that asks nothing by itself goes on with what was asked
ANSWERS = 25  # words of a turn that answers the assistant's question
FOLLOWS = 8  # words of a turn such as "and of Chile?"

_AGREEMENT = words(
    """yes yeah yep yup y no nope ok okay sure fine right correct exactly agreed great good perfect
    nice cool please thanks thank you do it that this so go ahead on continue proceed carry next
    more again both all of them the first second third last one option a b c d sounds works for me
    lets let's now keep going rest start begin finish try si sí oui ja да хорошо はい 好 好的
    bitte weiter adelante sigue continua vale claro d'accord vas-y va bene avanti sim pode
    continúa continuar evet devam tak dalej ok. продолжай давай 继续 可以 続けて 네 계속"""
)
_THANKS = words(
    """thanks thank thx ty cheers danke merci gracias grazie obrigado obrigada bedankt tack takk
    dank tak dziękuję спасибо teşekkürler ευχαριστώ شكرا धन्यवाद
    谢谢 ありがとう 감사합니다 bye goodbye
    tschüss adiós ciao passt"""
)
_CLOSING = (
    words(
        """no nope nothing else that's thats that is it all for now you very much so a lot ok okay
    great good perfect nice cool done fine super got works worked well have nice day i'm im we're
    will be the help your dir dich schön vielen moltes mil muchas und bye today everything again
    lovely awesome excellent job looks brilliant wonderful exactly what needed i was we are am good
    my needs as not don't dont need anything more right now beaucoup dann auf wiedersehen alles
    understood noted"""
    )
    | _THANKS
)
_ACKNOWLEDGED = words("ok okay great good perfect nice cool fine super lovely awesome understood")
_SETTLED = words("understood noted bye goodbye tschüss adiós ciao")
_EMOJI = ("👍", "🙏", "👌", "❤", "😊", "🎉")
_ELLIPSIS = re.compile(
    r"(?:and|but|also|what about|how about|now|then|same|again|instead|why|in|for|with|make it"
    r"|shorter|longer|as|und|y|et|e|а|и)\b"
)
_QUESTION = words(
    """what whats what's who whos who's whom whose when where which why how is are was were do does
    did can could should would will has have had am wie was wer wo wann warum welche welcher qué
    quién cuándo dónde cómo cuál cuánto quel quelle qui quand où comment pourquoi combien que
    che chi quando dove come perché quale quanto que quem quando onde como что кто где когда как
    почему сколько"""
)
_WISHES = words(
    """want need like help also instead actually but wonder wondering looking tell show give make
    find check change cancel book add remove write explain can could would should please"""
)
_CONTINUES = words("continue go do proceed carry keep finish work complete answer use take")
_OFFER = re.compile(
    r"(?:would you like me to|do you want me to|shall i|should i|want me to|i can|i could"
    r"|let me know if"
    r" (?:you want|i should)(?: me)?(?: to)?)\s+([^?\n]{4,400})",
    re.I,
)
_WORD = re.compile(r"[^\W_]+(?:['-]\w+)?")


@dataclass(frozen=True, slots=True)
class Turn:
    """The last turn as it is judged."""

    text: str
    task: str = ""  # an earlier ask that it goes on with: the harder of the two labels counts
    answers: bool = False  # the assistant's question: its own words are hardly ever an ask
    settled: bool = False  # thanks, no more: nothing is asked
    continues: bool = False  # the text is not the last turn's own but the one it goes on with
    context: Context = ALONE


def last_turn(messages: Sequence[Message]) -> Turn:
    """Return what the last turn asks; a tool's result is judged as the ask that it serves."""
    turns = [m for m in messages if m.get("role") in ("user", "assistant", "tool", "function")]
    last = _last_user(turns, len(turns))
    if last < 0:
        return Turn("")
    after_tool = turns[-1].get("role") in ("tool", "function")
    # The system's text is counted with the earlier turns, never read.
    context = surroundings([m for m in messages if m is not turns[last]], after_tool)
    said, before = text_of(turns[last]), _before(turns, last)
    bare = without_harness(said)  # to find its kind; the classifier strips the text itself
    if last and not after_tool and _settles(bare, before):
        return Turn(said, settled=True, context=context)
    kind = _kind(bare, before) if last else ""
    task = _task(turns, last) if kind else ""
    if kind == "agreement" and task:
        offers = [] if after_tool else _OFFER.findall(before[-800:])
        if offers:
            return Turn(str(offers[-1]), task, continues=True, context=context)
        return Turn(task, continues=True, context=context)
    return Turn(said, task, answers=kind == "answers", context=context)


def prompt_turn(prompt: str) -> Turn:
    """Return a prompt as it is judged: a conversation written down may lean on earlier lines."""
    if messages := transcript(prompt):
        turn = last_turn(messages)
        if turn.task or turn.continues or turn.settled:
            return replace(turn, context=ALONE)
    return Turn(prompt)


def judged_text(messages: Sequence[Message]) -> str:
    """Return the last turn's ask as one text, with the earlier ask if it continues that."""
    turn = last_turn(messages)
    if not turn.task or turn.continues:
        return turn.text
    return f"{turn.task}\n{turn.text}"


def _last_user(turns: Sequence[Message], end: int) -> int:
    return next((i for i in range(end - 1, -1, -1) if turns[i].get("role") == "user"), -1)


def _before(turns: Sequence[Message], index: int) -> str:
    """Return the assistant's text right before a turn."""
    if not index or turns[index - 1].get("role") != "assistant":
        return ""
    return text_of(turns[index - 1])


def _task(turns: Sequence[Message], index: int) -> str:
    """Return the nearest earlier ask that is one by itself, the first one if none is."""
    said = ""
    while (index := _last_user(turns, index)) >= 0:
        said, before = text_of(turns[index]), _before(turns, index)
        bare = without_harness(said)
        if index == 0 or (not _kind(bare, before) and not _settles(bare, before)):
            break
    return said


def _settles(said: str, before: str) -> bool:
    """Distinguish thanks and "no" from a turn that asks for more."""
    bare = said.strip()
    if len(bare) > 120 or "?" in bare:
        return False
    found = _WORD.findall(bare.lower())
    if not found:
        return any(map(bare.__contains__, _EMOJI))
    if not all(w in _CLOSING for w in found):
        return False
    if not _SETTLED.isdisjoint(found):
        return True
    offered = "?" in before[-200:]
    if not _THANKS.isdisjoint(found) or found[0] in ("no", "nope", "nothing"):
        return not (offered and found[0] in ("yes", "ok", "okay", "sure"))
    return not offered and not _ACKNOWLEDGED.isdisjoint(found)


def _kind(said: str, before: str) -> str:
    """Return how a turn leans on what came before: "agreement", "follows", "answers" or not."""
    if len(said) > 400:
        return ""
    found = _WORD.findall(said.lower())
    if len(found) <= 12 and all(w in _AGREEMENT or w.isdigit() for w in found):
        return "agreement"
    if len(found) <= FOLLOWS and _ELLIPSIS.match(said.strip().lower()) and "\n" not in said:
        # "now debug it" asks by itself
        return "" if len(found) > 1 and _asks(found[1]) else "follows"
    if "?" in said or not _QUESTION.isdisjoint(found[:3]) or any(map(_asks, found[:3])):
        return ""
    if "?" in before[-200:] and len(found) <= ANSWERS and not any(map(_wants, found)):
        return "answers"
    return "follows" if len(found) <= SHORT else ""


def _asks(word: str) -> bool:
    return word in IMPERATIVES and word not in _CONTINUES


def _wants(word: str) -> bool:
    return word in _WISHES
