"""Brings a prompt into one form before anything is judged: what only decorates it is taken away.

Case, compatibility forms, lookalike letters, zero-width characters, greetings and thanks carry no
task; taking them away here keeps the verdict the same by construction.
"""

from __future__ import annotations

import re
import unicodedata

from router.analyzer.lexicon import words

HEAD = 2600  # characters read from the start of a long prompt
TAIL = 2000  # and from its end: the ask is in one of the two, hardly ever in between

_INVISIBLE = (
    *(0xAD, 0x34F, 0x61C, 0x180E, 0xFEFF),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0x300, 0x370),  # combining accents: people leave them out as often as not
    *range(0xFE00, 0xFE10),
    *range(0xE0000, 0xE0080),
)
_DECORATION = dict.fromkeys(map(chr, _INVISIBLE), "") | dict(
    zip("’‘“”«»„「」…", '\'\'""""""".', strict=True)
)
_LOOKALIKES = dict(
    zip(
        "аеорсухіјѕһԁԛԝкмтнвьгзԍνοαρτυικεηγχωøłđıßæœАВЕЅЗІЈКМНОРСТХУ",
        "aeopcyxijshdqwkmthbbr3gvoaptuikenyxwoldisaoabes3ijkmhopctxy",
        strict=True,
    )
)
_LATIN = re.compile(r"[a-z]")
_CYRILLIC_GREEK = re.compile(r"[\u0370-\u052f]")
_WORD = re.compile(r"\w+")
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_GAP = re.compile(r"\s{3,}")

# A clause made of these words alone asks for nothing, provided one of _PHATIC is among them.
_PHATIC = words(
    """hi hiya hello hey heya howdy yo greetings dear morning afternoon evening thanks thank thx ty
    cheers appreciated appreciate grateful please pls plz kindly sorry excuse pardon help helping
    question questions wondering wonder hope regards sincerely bye quick quickly urgent urgently
    asap concise brief briefly politely welcome curious stuck struggling mate buddy pal assistant
    hurry patience advance bother bothering dumb silly stupid newbie beginner favor favour ok okay
    so well right hmm um uh"""
)
_FILLER = words(
    """a about again all also am an and any anyone are as assist at be been being best but by can
    could day do doing else everyone everybody folks for friend friends from get give go going good
    got great guys had has have here how i id if ill im in is it its ive just kind know let lets
    like little lot look looking love lovely make may maybe me might mind minute moment more much
    my need needed no not now of on one or our out really rush simple small some someone something
    sir madam team tell that the there these thing things this those time to today too very want
    was we week weekend were will with would yes you your youre yourself keep it short answer
    asking ask trying try first second fine ahead advice hand idea task request following below
    nice ever so much bit glad happy"""
)
_CLAUSE = re.compile(r"\s*([^.!?,:;\n—–-]{0,90})([.!?,:;\n—–-]+|$)\s*")
_LAST_CLAUSE = re.compile(r"(?:^|[.!?;,\n—–]|\s-)\s*([^.!?;,\n—–]{1,70})[.!?\s:)(-]*$")
_LETTERS = re.compile(r"[a-z]+")
_OPENER = re.compile(
    r"(?:(?:so|ok|okay|well|also|and|hey|please|pls|plz|kindly|now)[ ,]+)*"
    r"(?:(?:please |kindly )?(?:can|could|would|will) (?:you|u|someone|anyone)(?: please| kindly"
    r"| possibly| maybe"
    r"| quickly| just)*(?: (?:help me(?: to| with| understand)?|tell me|let me know"
    r"|be so kind (?:as )?to|explain to me"
    r"|mind telling me))?"
    r"|(?:i|we)(?:'d| would)? (?:like|want|need|love|have|am trying|was wondering|wonder)"
    r"(?: (?:you )?to(?: know| ask(?: you)?| understand| find out)?| if you (?:can|could|would)"
    r"| help with| some help with"
    r"| a question)?"
    r"|(?:do|does|did) (?:you|anyone|anybody) (?:happen to )?(?:know|remember)"
    r"|(?:please |pls )?(?:help me(?: to| with)?|tell me|let me know|remind me|enlighten me)"
    r"|(?:i'm|im|i am) (?:wondering|curious|trying to (?:understand|find out|figure out))"
    r"|(?:any|some)(?:one|body) knows?|please|pls|plz|kindly|(?:quick |small )?question|q|task"
    r"|prompt|input|query)"
    r"(?=[\s:,])[\s:,]*"
)
# The first two characters of all that _OPENER can match.
_OPENER_STARTS = words(
    "so ok we al an he no pl ki ca co wo wi i' im do di te le re en qu sm ta pr in q: q,"
) | {"i ", "q ", "q\t"}


_HESITANT = ("um ", "uh ", "um,", "uh,", "erm ", "uhm", "äh", "euh", "umm", "uhh")
_HESITATING = re.compile(r"\b(?:um+|uh+|uhm+|erm+|ähm?|euh)\b")
_HESITATION = re.compile(
    r"\s*\b(?:um+|uh+|uhm+|erm+|ähm?|euh|you know|i mean|like|basically|kind of|sort of)\b[,.]?"
    r"(?=\s|$)"
)
_STUTTER = re.compile(r"\b(\w+(?: \w+)?)(?:[,.]? \1\b)+")
_MISREAD = re.compile(r"[01](?=[a-z])(?<=[a-z].)(?:(?<=[a-z]{2}.)|(?=[a-z]{2}))")


def bounded(prompt: str) -> str:
    """Return the prompt, or the start and end of a long one with gaps and repeats taken out."""
    if len(prompt) <= HEAD + TAIL:
        return prompt
    prompt = _GAP.sub("\n\n", prompt)
    if len(prompt) > HEAD + TAIL:
        prompt = "\n".join(dict.fromkeys(prompt.splitlines()))
    if len(prompt) > HEAD + TAIL:
        prompt = prompt[:HEAD] + "\n" + prompt[-TAIL:]
    return prompt


def fold(text: str) -> str:
    """Lower-case the text and fold what only looks different: widths, accents, lookalikes."""
    if text.isascii():
        return text.lower()
    text = _replaced(unicodedata.normalize("NFKD", text).lower(), _DECORATION)
    if _LATIN.search(text) and (foreign := len(_CYRILLIC_GREEK.findall(text))):
        if foreign < len(_LATIN.findall(text)) / 2:
            text = _replaced(text, _LOOKALIKES)
        else:
            text = _WORD.sub(_latin_if_mixed, text)
    text = unicodedata.normalize("NFC", text)
    return _OTHER_DIGIT.sub(lambda m: str(unicodedata.digit(m.group())), text)


def _replaced(text: str, table: dict[str, str]) -> str:
    """Return what str.translate would, in less time: few characters of a text are in a table."""
    for character in table.keys() & set(text):
        text = text.replace(character, table[character])
    return text


def _latin_if_mixed(match: re.Match[str]) -> str:
    word = match.group()
    mixed = _LATIN.search(word) and _CYRILLIC_GREEK.search(word)
    return _replaced(word, _LOOKALIKES) if mixed else word


def _is_phatic(clause: str) -> bool:
    said = _LETTERS.findall(clause.replace("'", ""))
    return (
        bool(said)
        and not _PHATIC.isdisjoint(said)
        and all(w in _PHATIC or w in _FILLER for w in said)
    )


def strip_courtesies(text: str) -> str:
    """Remove greetings, pleas for help and thanks from both ends, unless nothing else is left."""
    kept = text.strip()
    for _ in range(5):
        clause = _CLAUSE.match(kept)
        if not clause or clause.end() >= len(kept) or not _is_phatic(clause.group(1)):
            break
        kept = kept[clause.end() :]
    for _ in range(4):
        if _PHATIC.isdisjoint(_LETTERS.findall(kept[-90:].replace("'", ""))):
            break
        clause = _LAST_CLAUSE.search(kept, max(0, len(kept) - 90))
        if not clause or clause.start() == 0 or not _is_phatic(clause.group(1)):
            break
        kept = kept[: clause.start() + 1].rstrip(" \t\n,;-—–")
    return kept or text.strip()


def smooth(text: str) -> str:
    """Take out what a microphone or a scanner put in: hesitations, stutters, digits for letters."""
    if any(map(text.__contains__, _HESITANT)) and _HESITATING.search(text):
        text = _HESITATION.sub(" ", text)
        text = _STUTTER.sub(r"\1", text)
    if ("0" in text or "1" in text) and len(_MISREAD.findall(text)) > 1:
        text = _MISREAD.sub(lambda m: "o" if m.group() == "0" else "l", text)
    return text


def strip_opener(sentence: str) -> str:
    """Take "could you please", "I would like to know" and the like off the front of a sentence."""
    for _ in range(3):
        if sentence[:2] not in _OPENER_STARTS:
            break
        opener = _OPENER.match(sentence)
        if not opener or len(sentence) - opener.end() < 4:
            break
        sentence = sentence[opener.end() :]
    return sentence
