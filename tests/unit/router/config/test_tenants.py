from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cost_calculator.tiers import TIERS
from router.config.settings import Config
from router.config.tenants import InvalidRules, parse_rules, rules_of
from router.errors import InvalidRequest, PolicyDenied
from router.routing.choice import Choice, choose
from router.safe_regex import MAX_STEPS, UnsafePattern, linear
from tests.support.factories import classification, config, request

_tiers = st.sampled_from(TIERS)


def choice(payload: Any, settings: Config, label: str = "SIMPLE", score: float = 0.5) -> Choice:
    asked = request(payload)
    rules = settings.rules_of(asked.tenant)
    return choose(asked, classification(label, score), settings, rules)


def ruled(**rules: Any) -> Config:
    return config(tenants={"default": rules})


def pinned(*pins: dict[str, str]) -> Config:
    return ruled(pins=list(pins))


def test_without_rules_everything_is_allowed() -> None:
    assert choice({"input": "hi"}, config(), "COMPLEX").tier == "COMPLEX"


def test_a_floor_raises_and_a_ceiling_cuts_and_the_row_says_so() -> None:
    raised = choice({"input": "hi"}, ruled(floor="CALCULATION"), "SIMPLE")
    cut = choice({"input": "hi"}, ruled(ceiling="CALCULATION"), "COMPLEX")

    assert (raised.tier, cut.tier) == ("CALCULATION", "CALCULATION")
    assert raised.reasons[0] == "moved from SIMPLE to the tenant's floor CALCULATION"
    assert cut.reasons[0] == "moved from COMPLEX to the tenant's ceiling CALCULATION"


def test_a_callers_tier_is_cut_to_the_bounds_and_the_row_says_so() -> None:
    cut = choice({"input": "hi", "tier": "COMPLEX"}, ruled(ceiling="SIMPLE"))

    assert cut.tier == "SIMPLE"
    assert cut.reasons[:2] == (
        "moved from COMPLEX to the tenant's ceiling SIMPLE",
        "the request asked for COMPLEX",
    )


@given(
    floor=_tiers,
    ceiling=_tiers,
    label=_tiers,
    score=st.floats(0, 1),
    asked=st.one_of(st.none(), _tiers),
    pin=st.one_of(st.none(), _tiers),
)
def test_no_decision_leaves_floor_and_ceiling(
    floor: str, ceiling: str, label: str, score: float, asked: str | None, pin: str | None
) -> None:
    assume(TIERS.index(floor) <= TIERS.index(ceiling))
    pins = [{"contains": "hi", "tier": pin}] if pin else []
    payload = {"input": "hi"} | ({"tier": asked} if asked else {})

    chosen = choice(payload, ruled(floor=floor, ceiling=ceiling, pins=pins), label, score)

    assert TIERS.index(floor) <= TIERS.index(chosen.tier) <= TIERS.index(ceiling)


def test_names_of_a_tenants_own_stand_for_the_three() -> None:
    chosen = choice({"input": "hi", "tier": "cheap"}, ruled(tier_names={"cheap": "SIMPLE"}))

    assert chosen.tier == "SIMPLE"
    assert chosen.reasons[0] == "the request asked for SIMPLE (cheap)"


def test_an_unknown_tier_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(InvalidRequest) as refused:
        choice({"input": "hi", "tier": "CHEAP"}, ruled(tier_names={"cheap": "SIMPLE"}))

    assert str(refused.value) == "`tier` must be one of SIMPLE, CALCULATION, COMPLEX, cheap"


@pytest.mark.parametrize(
    ("keyword", "text", "hit"),
    [
        ("contract", "Review this CONTRACT, please", True),
        ("api", "What is the capital of France?", False),
        ("try", "Recite some poetry", False),
        ("legal hold", "put it on legal\n  hold", True),
        ("合同", "请审查这份合同的条款", True),
        ("über", "u\u0308ber den Vertrag", True),
        ("c++", "port this C++ code", True),
        ("{x}", "a template {x}", True),
    ],
)
def test_a_keyword_is_found_as_a_word_whatever_its_case_and_script(
    keyword: str, text: str, hit: bool
) -> None:
    chosen = choice({"input": text}, pinned({"contains": keyword, "tier": "COMPLEX"}))

    assert (chosen.tier == "COMPLEX") == hit


def test_the_first_pin_that_matches_decides_and_is_named_by_its_number_alone() -> None:
    settings = pinned(
        {"contains": "merger", "tier": "COMPLEX"},
        {"regex": r"\bPO-\d{4,10}\b", "tier": "CALCULATION"},
        {"contains": "total", "tier": "SIMPLE"},
    )

    chosen = choice({"input": "the total of po-20417"}, settings, "COMPLEX")

    assert chosen.tier == "CALCULATION"
    assert chosen.reasons[0] == "pinned to CALCULATION by pin 2 of the tenant's rules"
    assert not chosen.open
    assert "20417" not in str(chosen.reasons)


def test_a_pin_looks_at_every_turn_of_the_user_and_at_no_other() -> None:
    settings = pinned({"contains": "merger", "tier": "COMPLEX"})

    def turns(first: str, answer: str) -> dict[str, Any]:
        return {
            "messages": [
                {"role": "user", "content": first},
                {"role": "assistant", "content": answer},
                {"role": "user", "content": "yes, do it"},
            ]
        }

    assert choice(turns("about the merger", "shall I?"), settings).tier == "COMPLEX"
    assert choice(turns("about the cat", "a merger?"), settings).tier == "SIMPLE"


def test_a_pin_finds_the_start_and_the_end_of_a_long_paste() -> None:
    settings = pinned({"contains": "merger", "tier": "COMPLEX"})

    for text in ("merger " + "x " * 50_000, "x " * 50_000 + "merger"):
        assert choice({"input": text}, settings).tier == "COMPLEX"


def test_the_caller_goes_before_a_pin_and_a_pin_before_the_score() -> None:
    settings = pinned({"contains": "hi", "tier": "CALCULATION"})

    assert choice({"input": "hi", "tier": "SIMPLE"}, settings).tier == "SIMPLE"
    assert choice({"input": "hi"}, settings, "SIMPLE", score=0.99).tier == "CALCULATION"


def test_a_tenants_own_fields_stand_before_those_of_everybody_one_by_one() -> None:
    rules = parse_rules(
        {"*": {"floor": "CALCULATION", "deny_providers": ["openai"]}, "acme": {"floor": "COMPLEX"}}
    )

    assert rules_of(rules, "acme").floor == "COMPLEX"
    assert rules_of(rules, "acme").deny_providers == {"openai"}
    assert rules_of(rules, "other").floor == "CALCULATION"


def test_where_tenants_must_be_known_another_is_refused_and_told() -> None:
    listed = config(tenants={"*": {"floor": "CALCULATION"}, "acme": {}}, unknown_tenants="refuse")

    assert choice({"input": "hi", "tenant": "acme"}, listed).tier == "CALCULATION"
    for nobody in ({"input": "hi", "tenant": "acne"}, {"input": "hi"}):
        with pytest.raises(PolicyDenied, match="name one that the deployment's `tenants` lists"):
            choice(nobody, listed)


def test_what_terraform_leaves_null_is_left_out() -> None:
    rules = parse_rules(
        {"acme": {"floor": None, "pins": [{"contains": "a", "regex": None, "tier": "SIMPLE"}]}}
    )

    assert rules["acme"].floor == "SIMPLE"
    assert len(rules["acme"].pins) == 1


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"flor": "SIMPLE"}, "tenant acme: unknown `flor`; known are floor, ceiling, pins"),
        ({"floor": "LOW"}, "tenant acme: floor must be one of SIMPLE, CALCULATION, COMPLEX"),
        ({"floor": "COMPLEX", "ceiling": "SIMPLE"}, "floor COMPLEX is above the ceiling SIMPLE"),
        ({"deny_providers": ["azure"]}, "deny_providers must be one of bedrock, openai, anthropic"),
        ({"tier_names": {"SIMPLE": "COMPLEX"}}, "tier_names: write a name of up to 128"),
        ({"tier_names": {"cheap": "TINY"}}, "tier_names.cheap must be one of SIMPLE"),
        ({"pins": [{"tier": "SIMPLE"}]}, "pin 1: write `tier` and either `contains` or `regex`"),
        ({"pins": [{"tier": "SIMPLE", "contains": " "}]}, "pin 1: write a keyword of 1 to 100"),
        ({"pins": [{"tier": "X", "contains": "a"}]}, "pin 1: tier must be one of SIMPLE"),
        ({"pins": [{"tier": "SIMPLE", "regex": "a+"}]}, "pin 1: `*` and `+` have no bound"),
        (
            {"pins": [{"tier": "SIMPLE", "regex": "a.{0,99}b"}] * 6},
            "tenant acme: the pins together take too many steps",
        ),
    ],
)
def test_a_bad_rule_is_refused_when_the_settings_are_loaded(
    rules: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidRules) as refused:
        config(tenants={"acme": rules})

    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(a|a)*b", "write {0,40}"),
        (r"\d+x", "write {0,40}"),
        ("a{2,}", "write a repeat as {3} or {0,40}"),
        ("(a{0,9}){0,9}", "none inside another"),
        (".{0,80}.{0,80}x", "more than 500 steps"),
        ("a?" * 20 + "a" * 20, "more than 500 steps"),
        ("(?=x)a", "lookaround"),
        ("(?<!x)a", "lookaround"),
        ("(?i)a", "only (?:…)"),
        (r"(a)\1", r"of the escapes only \d"),
        (r"\u0041", r"of the escapes only \d"),
        ("a??b", "a repeat follows a repeat"),
        ("a{3}{3}", "a repeat follows a repeat"),
        ("*a", "a repeat follows nothing"),
        ("(a", "is not closed"),
        ("a)", "closes nothing"),
        ("[a", "write a set as"),
        ("[[a]]", "write a set as"),
        ("[]a]", "a set starts with"),
        ("[z-a]", "not a regular expression"),
        ("", "write 1 to 200"),
        ("a" * 201, "write 1 to 200"),
        ("x?", "matches the empty text"),
    ],
)
def test_a_pattern_that_could_take_long_is_refused_with_what_to_write(
    pattern: str, says: str
) -> None:
    with pytest.raises(UnsafePattern) as refused:
        linear(pattern)

    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\bPO-\d{4,10}\b", "see po-12345."),
        ("colou?r|farbe", "Farbe"),
        (r"invoice.{0,40}overdue", "the invoice of May is overdue"),
        (r"[A-Z]{2}\d{2}(?: ?\d{4}){3,4}", "DE89 3704 0044 0532"),
        (r"\{x\}", "{x}"),
    ],
)
def test_ordinary_patterns_are_taken_and_find(pattern: str, text: str) -> None:
    assert linear(pattern).regex.search(text)


_atoms = st.sampled_from(["a", "b", ".", r"\w", "[ab]", "[^b]", r"\b"])
_repeats = st.sampled_from(["", "", "?", "{2}", "{0,5}", "{1,3}"])
_patterns = st.recursive(
    st.builds(str.__add__, _atoms, _repeats),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.builds("({}|{}){}".format, inner, inner, _repeats),
    ),
    max_leaves=12,
)


def steps_by_hand(pattern: str, text: str) -> int:
    """Count how often a backtracking matcher looks at an element, from the start of ``text``."""
    tree = re._parser.parse(pattern)  # type: ignore[attr-defined]
    looked = 0

    def walk(nodes: list[Any], at: int) -> Any:
        """Yield each place where ``nodes`` can end, in the order in which they are tried."""
        nonlocal looked
        if not nodes:
            yield at
            return
        (kind, value), rest = nodes[0], nodes[1:]
        for end in element(str(kind), value, at):
            yield from walk(rest, end)

    def element(kind: str, value: Any, at: int) -> Any:
        nonlocal looked
        if kind == "SUBPATTERN":
            yield from walk(list(value[-1]), at)
        elif kind == "BRANCH":
            for branch in value[1]:
                yield from walk(list(branch), at)
        elif kind == "MAX_REPEAT":
            yield from repeat(*value, at)
        else:
            looked += 1
            if kind == "AT":
                yield at
            elif at < len(text):  # taken to match: the most that can be asked of it
                yield at + 1

    def repeat(least: int, most: int, inner: Any, at: int) -> Any:
        if most:
            for end in walk(list(inner), at):
                yield from repeat(max(least - 1, 0), most - 1, inner, end)
        if not least:
            yield at

    for _ in walk(list(tree), 0):
        pass
    return looked


@given(_patterns)
def test_the_bound_holds_for_a_matcher_that_tries_every_way(pattern: str) -> None:
    try:
        bound = linear(pattern).steps
    except UnsafePattern:
        return

    assert steps_by_hand(pattern, "a" * 300) <= bound <= MAX_STEPS
