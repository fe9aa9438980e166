"""Rewritings that must not change a label: case, typos, courtesies the training never saw."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

SEED = 7
_PREAMBLES = (
    "Hello there, I hope this finds you well. ", "Hi team, ",
    "Good evening! Could you please help me with this? ", "Sorry to bother you again, but ",
    "Quick one for you: ", "Hey, hope your week is going great! ",
    "I have a small request, if you don't mind. ", "Dear assistant, would you be so kind: ",
    "Thanks for your help earlier. ", "Please, ",
)  # fmt: skip
_CLOSERS = (
    " Thank you so much for your time!", " Many thanks, Alex", " Cheers!",
    " I really appreciate it.", " Thanks a million in advance.", " Have a lovely day!",
    " Please and thank you.", "",
)  # fmt: skip


def _typos(prompt: str, random: Random) -> str:
    """Swap two neighbouring letters about every forty characters."""
    letters = list(prompt)
    for _ in range(max(1, min(len(letters), 800) // 40)):
        at = random.randrange(max(1, len(letters) - 1))
        if at + 1 < len(letters) and letters[at].isalpha() and letters[at + 1].isalpha():
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


REWRITINGS: dict[str, Callable[[str, Random], str]] = {
    "upper case": lambda p, _: p.upper(),
    "lower case": lambda p, _: p.lower(),
    "typos": _typos,
    "courtesies": lambda p, r: r.choice(_PREAMBLES) + p + r.choice(_CLOSERS),
}
