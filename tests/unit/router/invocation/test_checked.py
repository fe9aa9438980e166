from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from router import errors
from router.conversation.said import Said
from router.intake.call_options import CallOptions
from router.invocation.answer_store import NotStored
from router.invocation.call import Answer, ModelCall
from router.invocation.checked import complete_checked
from router.invocation.invoke import CallFailed, invoke
from router.review.bands import Review
from tests.support.factories import AT, HAIKU, asking

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["city", "confidence"],
    "properties": {
        "city": {"type": "string"},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    },
}
USAGE = {"inputTokens": 3, "outputTokens": 9, "totalTokens": 12}
BANDS = Review("confidence", answer_above=0.8, fail_below=0.3)


class Drafts:
    """The answers' bucket, in memory."""

    def __init__(self, *, broken: bool = False) -> None:
        self.kept: dict[str, str] = {}
        self.broken = broken

    def put(self, request_id: str, said: Said) -> str:
        raise AssertionError("a draft is no answer")

    def put_draft(self, request_id: str, text: str) -> str:
        if self.broken:
            raise NotStored("S3 is down")
        address = f"s3://answers/drafts/{request_id}/{len(self.kept)}"
        self.kept[address] = text
        return address

    def get(self, address: str) -> str | None:
        return self.kept.get(address)


class Model:
    def __init__(self, says: str, *, truncated: bool = False) -> None:
        self.says, self.truncated = says, truncated
        self.asked: list[ModelCall] = []

    def complete(self, call: ModelCall) -> Answer:
        self.asked.append(call)
        return Answer(self.says, self.truncated, USAGE, None)


def call(
    schema: Mapping[str, Any] | None = SCHEMA,
    review: Review | None = None,
    draft_s3: str | None = None,
) -> ModelCall:
    return ModelCall(
        "bedrock", HAIKU, asking("Where is the Louvre?"), 99,
        request_id="r-1", options=CallOptions(response_schema=schema), review=review,
        draft_s3=draft_s3,
    )  # fmt: skip


def said(city: Any = "Paris", confidence: Any = 0.9, **more: Any) -> str:
    return json.dumps({"city": city, "confidence": confidence, **more})


def test_an_answer_that_fits_reaches_its_caller_as_json_alone() -> None:
    fenced = f"```json\n{said()}\n```"

    assert complete_checked(call(), Model(fenced), Drafts()).text == said()


@pytest.mark.parametrize(
    "says",
    ["It is in Paris.", said(city=7), said(confidence=95), said(why="secret"), "[]", "", "NaN"],
)
def test_an_answer_that_does_not_fit_is_withheld_kept_and_on_the_bill(says: str) -> None:
    drafts = Drafts()

    with pytest.raises(errors.InvalidAnswer) as raised:
        complete_checked(call(), Model(says), drafts)

    assert drafts.kept == {raised.value.draft_s3: says}
    assert raised.value.usage == USAGE


@pytest.mark.parametrize("number", ["1e999", "9" * 400])
def test_a_number_beyond_a_double_is_repaired_and_paid(number: str) -> None:
    with pytest.raises(errors.InvalidAnswer) as raised:
        complete_checked(call(), Model(f'{{"city": "Paris", "confidence": {number}}}'), Drafts())

    assert raised.value.usage == USAGE


def test_what_is_wrong_is_told_without_the_answers_own_words() -> None:
    with pytest.raises(errors.InvalidAnswer) as raised:
        complete_checked(call(), Model(said(city=["secret"], **{"launch code": 42})), Drafts())

    assert "/city breaks type" in raised.value.detail
    assert "secret" not in raised.value.detail
    assert "launch" not in raised.value.detail


def test_names_that_the_model_made_up_are_not_told_either() -> None:
    schema = {"type": "object", "additionalProperties": {"type": "string"}}

    with pytest.raises(errors.InvalidAnswer) as raised:
        complete_checked(call(schema), Model('{"launch code": 42}'), Drafts())

    assert "/* breaks type" in raised.value.detail


def test_a_draft_is_mended_with_what_is_wrong_in_view() -> None:
    drafts = Drafts()
    address = drafts.put_draft("r-1", said(city=7))
    model = Model(said())

    complete_checked(call(draft_s3=address), model, drafts)

    _, draft, ask = model.asked[0].conversation.turns
    assert (draft.role, draft.text) == ("assistant", said(city=7))
    assert "7 is not of type 'string'" in ask.text


class Unread(Drafts):
    """A bucket that does not give what it holds."""

    def get(self, address: str) -> str | None:
        raise errors.StoreUnavailable("SlowDown")


@pytest.mark.parametrize("drafts", [Drafts(), Unread()])
def test_a_draft_that_cannot_be_had_is_asked_for_anew(drafts: Drafts) -> None:
    model = Model(said())

    complete_checked(call(draft_s3="s3://answers/drafts/gone"), model, drafts)

    assert len(model.asked[0].conversation.turns) == 1


def test_an_invalid_answer_is_invalid_also_where_it_cannot_be_kept() -> None:
    with pytest.raises(errors.InvalidAnswer) as raised:
        complete_checked(call(), Model("no"), Drafts(broken=True))

    assert raised.value.draft_s3 is None


@pytest.mark.parametrize(
    ("confidence", "kind"),
    [(0.8, None), (1, None), (0.79, errors.ReviewRequired), (0.3, errors.ReviewRequired),
     (0.29, errors.BelowConfidence), (0, errors.BelowConfidence)],
)  # fmt: skip
def test_the_answers_confidence_says_who_gets_it(
    confidence: float, kind: type[errors.CallError] | None
) -> None:
    model, drafts = Model(said(confidence=confidence)), Drafts()

    if kind is None:
        assert complete_checked(call(review=BANDS), model, drafts).text
        return
    with pytest.raises(kind) as raised:
        complete_checked(call(review=BANDS), model, drafts)

    assert drafts.kept == {raised.value.draft_s3: model.says}
    assert raised.value.outcome == "OK"


def test_a_request_may_want_a_human_whatever_the_answer_is() -> None:
    always = Review(None, 0.8, 0.3)

    with pytest.raises(errors.ReviewRequired) as raised:
        complete_checked(call(None, always), Model("Par", truncated=True), Drafts())

    assert raised.value.outcome == "TRUNCATED"


def test_a_draft_for_a_human_that_cannot_be_kept_is_a_lost_answer_on_the_bill() -> None:
    with pytest.raises(errors.AnswerNotStored) as raised:
        complete_checked(call(None, Review(None, 1, 0)), Model("Paris"), Drafts(broken=True))

    assert raised.value.usage == USAGE


def test_a_schema_that_is_none_is_refused_for_good_before_anything_is_paid() -> None:
    model = Model("{}")

    with pytest.raises(errors.InvalidModelRequest, match="response_schema"):
        complete_checked(call({"type": "objekt"}), model, Drafts())

    assert model.asked == []


def test_whatever_goes_wrong_with_an_answer_it_stays_on_the_bill() -> None:
    class Broken(Drafts):
        def put_draft(self, request_id: str, text: str) -> str:
            raise KeyError("a defect of ours")

    with pytest.raises(errors.BadResponse, match="KeyError") as raised:
        complete_checked(call(), Model("no"), Broken())

    assert raised.value.usage == USAGE


def test_the_attempt_of_a_withheld_answer_says_where_it_is() -> None:
    drafts = Drafts()

    class Checked:
        def complete(self, asked: ModelCall) -> Answer:
            return complete_checked(asked, Model("no"), drafts)

    with pytest.raises(CallFailed) as raised:
        invoke(call(), Checked(), lambda: AT, 256)

    attempt = raised.value.attempt
    assert isinstance(raised.value.error, errors.InvalidAnswer)
    assert attempt.outcome == "INVALID_ANSWER"
    assert (attempt.usage, attempt.served) == (USAGE, False)
    assert drafts.kept[str(attempt.draft_s3)] == "no"
