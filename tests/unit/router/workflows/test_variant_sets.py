"""A file of variants is cut into groups, and what they come to is put together. No cloud."""

from __future__ import annotations

import io
import json
import re
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from router.aws import variant_sets
from router.aws.variant_sets import MOST_FILE_BYTES, SetFiles
from router.encoding import size_in_bytes
from router.errors import InvalidRequest, StoreUnavailable
from router.workflows.variants.asked import MOST_BYTES, Variants, VariantSet, parse
from router.workflows.variants.set_outcome import every_variant, set_outcome
from router.workflows.variants.sets import MOST_GROUPS, MOST_VARIANTS, final, groups

INPUT: dict[str, Any] = {
    "prompt": "Say {{word}}.",
    "variants_s3": "s3://answers-1/variants/words.jsonl",
    "tenant": "acme",
    "max_cost_usd": 2,
    "judge": {"criteria": "short"},
}


def asked(**changes: Any) -> VariantSet:
    made = parse({**INPUT, **changes}, "run-1")
    assert isinstance(made, VariantSet)
    return made


def lines(words: list[str]) -> str:
    return "".join(json.dumps({"word": word}) + "\n" for word in words)


def read(part: dict[str, Any]) -> Variants:
    made = parse(part, "another-execution")
    assert isinstance(made, Variants)
    return made


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
                min_size=1, max_size=130))  # fmt: skip
def test_groups_ask_for_every_line_once_under_the_run_s_own_ids(words: list[str]) -> None:
    parts = groups(asked(), lines(words))

    made = [read(part) for part in parts]
    requests = [request for each in made for request in each.requests()]
    assert [request["input"] for request in requests] == [f"Say {word}." for word in words]
    assert [request["request_id"] for request in requests] == [
        f"run-1-variant-{number:02d}" for number in range(1, len(words) + 1)
    ]
    assert {each.run.key for each in made} == {"acme/run-1"}
    assert {request["workflow"]["max_cost_usd"] for request in requests} == {2}
    assert [each.run.group for each in made] == [min(each.prompts) for each in made]
    assert all(len(each.prompts) == 50 for each in made[:-1])


@given(st.lists(st.integers(1, 16_000), min_size=1, max_size=120))
def test_a_group_has_as_many_lines_as_one_state_can_hold(sizes: list[int]) -> None:
    parts = groups(asked(), lines(["x" * size for size in sizes]))

    sizes_of = [size_in_bytes(read(part).requests()) for part in parts]
    assert max(sizes_of) <= MOST_BYTES
    assert sum(len(part["variants"]) for part in parts) == len(sizes)
    # None could take the first line of the next.
    for part, following in pairwise(parts):
        more = {**part, "variants": [*part["variants"], following["variants"][0]]}
        if len(part["variants"]) < 50:
            with pytest.raises(InvalidRequest, match="bytes together"):
                read(more)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty: write a JSON object"),
        (" \n\n", "is empty"),
        (lines(["a"]) + "\n" + lines(["b"]), "line 2 is no JSON"),
        (lines(["a"]) + '{"word": 1}', r"`line 2.word` must be a string"),
        (lines(["a"]) + '{"word": "b", "x": "y"}', "`line 2` has 1 name"),
        (lines(["a"]) + "[" * 9_000, "line 2 is no JSON|nested more than"),
        (lines(["a"]) + '"b"', "`line 2` must be an object"),
        (lines(["x"] * (MOST_VARIANTS + 1)), "1001 lines and may have 1000: split it"),
        (lines(["x"]) + '{"word": "\\u0000"}', "`line 2.word` holds NUL"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        groups(asked(), text)


def test_more_groups_than_a_judge_can_compare_the_bests_of_are_refused() -> None:
    one = asked(prompt="{{word}}" + "x" * 120_000)

    assert len(groups(one, lines(["a"] * MOST_GROUPS))) == MOST_GROUPS
    with pytest.raises(InvalidRequest, match="only 50 of the variants fit 50 groups"):
        groups(one, lines(["a"] * (MOST_GROUPS + 1)))


@pytest.mark.parametrize("ending", ["\n", "", "\n\n", "\r\n"])
def test_the_end_of_the_file_is_no_variant(ending: str) -> None:
    [part] = groups(asked(), lines(["a", "b"]).rstrip() + ending)

    assert len(part["variants"]) == 2


def test_lines_may_end_as_on_windows_and_hold_unusual_separators() -> None:
    [part] = groups(asked(), '{"word": "a\u2028b"}\r\n{"word": "c"}\r\n')

    assert part["variants"] == [{"word": "a\u2028b"}, {"word": "c"}]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"variants": [{"word": "a"}]}, "one of `variants`"),
        ({"variants_s3": "s3://answers-1/uploads/acme/x"}, "`variants_s3` must match"),
        ({"variants_s3": "variants/words.jsonl"}, "`variants_s3` must match"),
        ({"variants_s3": 5}, "`variants_s3` must be a string"),
    ],
)
def test_an_input_that_names_no_file_of_variants_is_refused(
    changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidRequest, match=says):
        asked(**changes)


def test_the_bests_are_compared_as_the_variants_of_one_run() -> None:
    parts = groups(asked(), lines([str(number) for number in range(1, 121)]))
    reported: list[Any] = [{"status": "JUDGED", "best": 7}, {"status": "UNANSWERED"},
                           {"status": "JUDGED", "best": 120, "score": 3}]  # fmt: skip

    made, results = final(parts, reported)

    assert made.prompts == {7: "Say 7.", 120: "Say 120."}
    assert made.run.group is None
    assert made.judge == {"criteria": "short"}
    assert [each.get("score") for each in results] == [None, 3]


def record(group: int, *variants: int, cost: str, best: int | None = None) -> dict[str, Any]:
    return {
        "workflow_id": "run-1",
        "group": group,
        "status": "JUDGED" if best else "UNJUDGED",
        "ranking": [{"variant": number, "score": 5.0, "cost_usd": cost} for number in variants],
        "failed": [],
        "judge_failed": [],
        **({"best": {"variant": best}} if best else {}),
        "sums": {"judging": {"cost_usd": "0.5"}, "all": {"cost_usd": cost, "attempts": "2"}},
    }


@given(st.lists(st.decimals("0", "9", places=12), min_size=1, max_size=MOST_GROUPS))
def test_the_total_is_the_exact_sum_of_the_groups_and_of_the_last_question(
    costs: list[Decimal],
) -> None:
    records = [record(n, n, cost=f"{cost:f}", best=n) for n, cost in enumerate(costs, start=1)]
    shown = {"workflow_id": "run-1", "status": "JUDGED", "ranking": []}

    out = set_outcome(shown, {"cost_usd": Decimal("0.25"), "attempts": Decimal(2)}, records)

    assert Decimal(out["total"]["cost_usd"]) == sum(costs) + Decimal("0.25")
    assert Decimal(out["judging"]["cost_usd"]) == Decimal("0.5") * len(costs) + Decimal("0.25")


def test_a_cost_that_is_not_known_is_not_shown_as_0() -> None:
    unknown = record(1, 1, cost="0", best=1)
    unknown["sums"]["all"] = {"attempts": "1", "unpriced": "1"}

    out = set_outcome({"ranking": []}, {}, [unknown])

    assert "cost_usd" not in out["total"]


def test_every_variant_has_its_line_the_finalists_first() -> None:
    records = [record(1, 1, 2, cost="0.2", best=2), record(3, 3, 4, cost="0.1", best=3)]
    shown = {"ranking": [{"variant": 3, "score": 9.0}, {"variant": 2, "score": 4.0}]}

    found = every_variant(shown, records)["ranking"]

    assert [(each["variant"], each.get("final_score")) for each in found] == [
        (3, 9.0), (2, 4.0), (4, None), (1, None)
    ]  # fmt: skip


class Bucket:
    """S3 with one object, or an error."""

    def __init__(self, body: bytes = b"", code: str = "") -> None:
        self.body, self.code = body, code

    def get_object(self, **_: Any) -> Any:
        if self.code:
            raise ClientError({"Error": {"Code": self.code}}, "GetObject")
        return {"Body": io.BytesIO(self.body)}


@pytest.mark.parametrize(
    ("bucket", "says"),
    [
        (Bucket(code="NoSuchKey"), "put the file there first"),
        (Bucket(b"\xff"), "is no UTF-8 at byte 0"),
        (Bucket(b"x" * (MOST_FILE_BYTES + 1)), "split it"),
    ],
)
def test_a_file_that_cannot_be_read_is_the_caller_s_to_mend(
    bucket: Bucket, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(variant_sets, "s3_client", lambda: bucket)

    with pytest.raises(InvalidRequest, match=says):
        SetFiles("answers-1").variants("s3://answers-1/variants/x")


def test_a_file_of_another_bucket_is_not_read() -> None:
    with pytest.raises(InvalidRequest, match=re.escape("below s3://answers-1/variants/")):
        SetFiles("answers-1").variants("s3://answers-2/variants/x")


def test_a_bucket_that_does_not_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variant_sets, "s3_client", lambda: Bucket(code="SlowDown"))

    with pytest.raises(StoreUnavailable):
        SetFiles("answers-1").variants("s3://answers-1/variants/x")


def test_a_byte_order_mark_is_no_part_of_the_first_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variant_sets, "s3_client", lambda: Bucket(b'\xef\xbb\xbf{"word": "a"}'))

    assert SetFiles("answers-1").variants("s3://answers-1/variants/x").startswith("{")
