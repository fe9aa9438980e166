"""The engine that never backtracks finds what Python's own finds, in a number of steps it tells."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.linear_regex import MAX_LENGTH, UnsupportedPattern, searcher


def found(pattern: str, text: str) -> bool:
    return searcher(pattern).search(text, lambda _: None)


# As pydantic and zod write them, with a text that fits and one that does not.
WRITTEN = [
    ("^[a-z]+$", "abc", "abC"),
    ("^[a-z0-9]+(?:-[a-z0-9]+)*$", "a-b-c", "a--b"),
    (r"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$",
     "ann.lee@mail.example.org", "ann..lee@mail.example.org"),
    (r"^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12})$",
     "3f1c2b9a-5d4e-4f60-8a7b-9c0d1e2f3a4b", "3f1c2b9a-5d4e-0f60-8a7b-9c0d1e2f3a4b"),
    (r"^(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29"
     r"|\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
     r"|02-(?:0[1-9]|1\d|2[0-8])))$", "2028-02-29", "2027-02-29"),
    (r"^P(?:(\d+W)|(?!.*W)(?=\d|T\d)(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)$",
     "P1Y2DT3H", "P1YT"),
    (r"^\/api\/(?<version>v\d)\/", "/api/v2/x", "/api/x/"),
    (r"^\d{3}-\d{2}$", "123-45", "١٢٣-٤٥"),
    (r"\bcat\b", "a cat.", "concatenate"),
    ("^(?:[01]{3}|x){0,2}$", "101x", "10"),
    (r"^[^\s]+$", "word", "two words"),
    ("^(a|b)*?c$", "ababc", "abab"),
    ("[^]", "x", ""),
    ("colou?r", "my color", "my colur"),
    ("^.$", "x", "\n"),
    ("^$", "", "\n"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "fits", "fails"), WRITTEN)
def test_patterns_as_the_libraries_write_them(pattern: str, fits: str, fails: str) -> None:
    assert found(pattern, fits)
    assert not found(pattern, fails)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*a){20}b", "^(\\w+\\s?)*$"])
def test_what_backtracks_elsewhere_takes_a_bounded_number_of_steps(pattern: str) -> None:
    def steps(length: int) -> int:
        taken: list[int] = []
        searcher(pattern).search("a" * length + "!", taken.append)
        return sum(taken)

    assert steps(400) < 2.5 * steps(200)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a)\1", "(?<=a)b", "(?<!a)b", "(?i)a", "(?i:a)", "(", "[", "a{9999}", "(?>a)", r"\p{L}",
        "x" * (MAX_LENGTH + 1), "a**", "(?:){9999999}", "(?:(?:){6000}){6000}", "(?=a{999})" * 190,
        "(?:(?:a{99}){99}){9}",
    ],
)  # fmt: skip
def test_what_it_cannot_search_with_is_refused(pattern: str) -> None:
    with pytest.raises(UnsupportedPattern):
        searcher(pattern)


_ATOMS = st.sampled_from(
    ["a", "b", ".", r"\d", r"\w", "[ab]", "[^a]", r"\b", "^", "(?=a)", "(?!b)"]
)
_PATTERNS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda it: f"(?:{it[0]}|{it[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{1,2}", "{2}", "*?"])).map(
            lambda it: f"(?:{it[0]}){it[1]}"
        ),
    ),
    max_leaves=8,
)


@given(_PATTERNS, st.text("ab1 ", max_size=8))
def test_it_finds_what_pythons_own_engine_finds(pattern: str, text: str) -> None:
    assert found(pattern, text) == bool(re.search(pattern, text, re.ASCII))
