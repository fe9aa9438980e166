"""A prompt over HTTP: started once, waited for, found again, refused with what to write."""

from __future__ import annotations

import json
import math
import re

import pytest

from cost_calculator.clock import iso
from cost_calculator.row_keys import key_of
from router.encoding import canonical_json
from router.errors import BudgetExceeded, RateLimited, StoreUnavailable
from router.executions.names import execution_name
from router.executions.run import NotStarted, Run
from router.intake.identity import payload_hash
from tests.fakes.api import KEY, PROMPT, RUN, Aws, Client, answered, failed
from tests.support.factories import AT

ASYNC = {"mode": "async"}


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def client(aws: Aws) -> Client:
    return Client(aws)


def ends(aws: Aws, rows: dict, after: float) -> None:
    """Let a run write its rows after so many seconds."""

    def end() -> None:
        aws.rows[KEY] = rows
        aws.runs[RUN] = Run("SUCCEEDED", aws.runs[RUN].input)

    aws.at.append((after, end))


def test_an_answer_within_the_wait_is_a_200_with_model_reason_and_cost(
    aws: Aws, client: Client
) -> None:
    ends(aws, answered("r-1"), after=2)

    status, body, headers = client.call("POST", "/prompts", PROMPT)

    assert status == 200
    assert (body["status"], body["output"], body["tier"]) == ("SUCCEEDED", "Paris.", "SIMPLE")
    assert body["reasons"] == ["asks for one fact"]
    assert float(body["cost_usd"]) > 0
    assert headers["x-faregate-cost-usd"] == body["cost_usd"]
    assert headers["x-faregate-request-id"] == "r-1"


def test_keys_queues_and_hashes_are_not_shown(aws: Aws, client: Client) -> None:
    aws.rows[KEY] = answered("r-1")

    _, body, _ = client.call("GET", "/prompts/r-1")

    assert not {"payload_hash", "queue", "execution_arn", "tenant"} & set(body)


def test_the_execution_carries_the_callers_tenant_under_the_request_id(
    aws: Aws, client: Client
) -> None:
    client.call("POST", "/prompts", PROMPT, query={"mode": "async"})

    assert json.loads(aws.runs[RUN].input) == PROMPT | {"tenant": "acme"}


@pytest.mark.parametrize("field", [{"tenant": "other"}, {"rerun": 2}])
def test_what_is_not_the_callers_to_say_is_refused(
    aws: Aws, client: Client, field: dict[str, object]
) -> None:
    status, body, _ = client.call("POST", "/prompts", PROMPT | field)

    assert (status, body["error"]["type"]) == (400, "InvalidRequest")
    assert "leave `" in body["error"]["message"]
    assert not aws.started


def test_async_answers_at_once_with_where_to_look(aws: Aws, client: Client) -> None:
    status, body, headers = client.call("POST", "/prompts", PROMPT, query={"mode": "async"})

    assert (status, body["status"], body["request_id"]) == (202, "STARTED", "r-1")
    assert (headers["location"], headers["retry-after"]) == ("/v1/prompts/r-1", "1")
    assert aws.looks == 1  # whether the id was used before


def test_no_answer_in_25_seconds_is_a_202(aws: Aws, client: Client) -> None:
    status, _, headers = client.call("POST", "/prompts", PROMPT)

    assert status == 202
    assert headers["location"] == "/v1/prompts/r-1"
    assert 23 < aws.now <= 25
    assert aws.looks <= 25 / 0.15 + 10  # each look is paid for


def test_a_table_that_does_not_answer_for_a_while_costs_time_alone(
    aws: Aws, client: Client
) -> None:
    aws.blind = 3
    ends(aws, answered("r-1"), after=0.1)

    assert client.call("POST", "/prompts", PROMPT)[0] == 200


def test_a_request_that_runs_is_never_sent_again_because_nobody_can_see_it(
    aws: Aws, client: Client
) -> None:
    aws.blind = math.inf

    taken = client.call("POST", "/prompts", PROMPT)

    assert taken[0] == 202


def test_nobody_waits_for_a_human(aws: Aws, client: Client) -> None:
    aws.rows[KEY] = answered("r-1", status="PENDING_REVIEW", ended_at=None)

    status, _, _ = client.call("POST", "/prompts", PROMPT)

    assert (status, aws.now) == (202, 0)
    assert client.call("GET", "/prompts/r-1")[1]["status"] == "PENDING_REVIEW"


def test_the_same_request_again_joins_the_run(aws: Aws, client: Client) -> None:
    client.call("POST", "/prompts", PROMPT, query={"mode": "async"})
    ends(aws, answered("r-1"), after=1)

    status, body, _ = client.call("POST", "/prompts", PROMPT)

    assert (status, body["output"]) == (200, "Paris.")
    assert aws.started == [RUN]


@pytest.mark.parametrize("run_status", ["RUNNING", "SUCCEEDED"])
def test_the_same_id_with_another_payload_is_a_409(
    aws: Aws, client: Client, run_status: str
) -> None:
    client.call("POST", "/prompts", PROMPT, query={"mode": "async"})
    aws.runs[RUN] = Run(run_status, aws.runs[RUN].input)

    status, body, headers = client.call("POST", "/prompts", PROMPT | {"input": "Other"})

    assert (status, body["error"]["type"]) == (409, "Conflict")
    assert body["error"]["request_id"] == "r-1"
    assert headers["x-should-retry"] == "false"


def test_the_id_of_another_tenants_request_is_an_id_that_nobody_has_used(
    aws: Aws, client: Client
) -> None:
    aws.rows[key_of("other", "r-1")] = answered("r-1", tenant="other")
    client.call("POST", "/prompts", PROMPT, query={"mode": "async"}, tenant="third")

    status, body, _ = client.call("POST", "/prompts", PROMPT | {"input": "Mine"}, query=ASYNC)

    assert (status, body["status"]) == (202, "STARTED")
    assert aws.started == [execution_name(tenant, "r-1") for tenant in ("third", "acme")]


@pytest.mark.parametrize("query", [None, {"mode": "async"}])
def test_an_id_with_rows_and_no_execution_of_its_name_is_compared_all_the_same(
    aws: Aws, client: Client, query: dict[str, str] | None
) -> None:
    aws.rows[KEY] = answered("r-1")  # by a direct start under another name, or 90 days ago

    other = client.call("POST", "/prompts", PROMPT | {"input": "Of Italy?"}, query=query)
    same = client.call("POST", "/prompts", PROMPT, query=query)

    assert (other[0], other[1]["error"]["type"]) == (409, "Conflict")
    assert same[0] == (202 if query else 200)
    assert aws.started == []


def test_rows_that_come_under_the_id_while_it_waits_are_compared(aws: Aws, client: Client) -> None:
    ends(aws, answered("r-1", payload_hash="of another body"), after=1)

    status, body, headers = client.call("POST", "/prompts", PROMPT)

    assert (status, body["error"]["type"]) == (409, "Conflict")
    assert headers["x-should-retry"] == "false"


def test_what_was_refused_before_it_was_accepted_may_be_sent_again(
    aws: Aws, client: Client
) -> None:
    client.call("POST", "/prompts", PROMPT, query={"mode": "async"})
    aws.refuse(RUN, "RateLimited")

    status, _, _ = client.call("POST", "/prompts", PROMPT, query={"mode": "async"})

    first, again = aws.started
    assert status == 202
    assert again != first
    assert aws.runs[again].input == canonical_json(PROMPT | {"tenant": "acme"}).decode()


def test_however_often_it_was_refused_few_looks_find_the_last_run(aws: Aws, client: Client) -> None:
    for _ in range(20):
        client.call("POST", "/prompts", PROMPT, query=ASYNC)
        aws.refuse(aws.started[-1], "BudgetExceeded")
    aws.described = 0

    client.call("POST", "/prompts", PROMPT, query=ASYNC)

    assert len(set(aws.started)) == 21
    assert aws.described <= 12
    assert client.call("GET", "/prompts/r-1")[1]["status"] == "STARTED"


def test_what_ended_with_rows_is_not_started_again(aws: Aws, client: Client) -> None:
    client.call("POST", "/prompts", PROMPT, query={"mode": "async"})
    aws.refuse(RUN, "Refused")
    aws.rows[KEY] = failed("r-1", "Refused", "REFUSED")

    status, body, _ = client.call("POST", "/prompts", PROMPT)

    assert (status, body["error"]["type"]) == (400, "Refused")
    assert aws.started == [RUN]


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [("PolicyDenied", 403, None), ("RateLimited", 429, None), ("BudgetExceeded", 402, None)],
)
def test_a_refusal_of_the_analysis_is_told(
    aws: Aws, client: Client, error: str, status: int, retry: str | None
) -> None:
    aws.at.append((0.5, lambda: aws.refuse(RUN, error, "the reason")))

    answer, body, headers = client.call("POST", "/prompts", PROMPT)

    told = {"type": error, "message": "the reason", "request_id": "r-1"}
    assert (answer, body["error"]) == (status, told)
    assert headers.get("x-should-retry") == retry
    assert headers.get("retry-after") == ("1" if error == "RateLimited" else None)
    assert aws.now < 2


def test_no_run_is_started_for_a_tenant_that_has_nothing_left(aws: Aws) -> None:
    spent = {"acme": BudgetExceeded("the $1.00 of tenant acme are used up", "acme", 100.0)}
    client = Client(aws, changes={"over_budget": spent.get})

    status, body, _ = client.call("POST", "/prompts", PROMPT)

    assert (status, body["error"]["type"], body["error"]["request_id"]) == (
        402, "BudgetExceeded", "r-1",
    )  # fmt: skip
    assert aws.started == []
    assert client.call("POST", "/prompts", PROMPT, query=ASYNC, tenant="labs")[0] == 202


def test_what_was_answered_before_is_shown_though_nothing_is_left(aws: Aws) -> None:
    aws.rows[KEY] = answered("r-1")
    spent = BudgetExceeded("used up", "acme", 100.0)
    client = Client(aws, changes={"over_budget": lambda _tenant: spent})

    assert client.call("POST", "/prompts", PROMPT)[1]["output"] == "Paris."


def test_a_rate_limit_says_when_to_come_again(aws: Aws, client: Client) -> None:
    aws.at.append((0.1, lambda: aws.refuse(RUN, "RateLimited", str(RateLimited("acme", 7)))))

    status, _, headers = client.call("POST", "/prompts", PROMPT)

    assert (status, headers["retry-after"]) == (429, "7")


def test_a_run_that_died_before_accepting_tells_no_detail(aws: Aws, client: Client) -> None:
    aws.at.append((0.1, lambda: aws.refuse(RUN, "KeyError", "Traceback: the prompt")))

    status, body, headers = client.call("POST", "/prompts", PROMPT)

    assert (status, body["error"]["type"], headers["retry-after"]) == (503, "NotAccepted", "1")
    assert "Traceback" not in json.dumps(body)


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        ("Throttled", 400),
        ("Overloaded", 400),
        ("ModelTimeout", 400),
        ("States.Http.Socket", 400),
        ("States.Timeout", 400),
        ("WorkflowTimedOut", 400),
        ("ModelError", 400),
        ("AccessDenied", 400),
        ("ContextTooLong", 413),
        ("Refused", 400),
    ],
)
def test_a_request_that_is_closed_without_an_answer_has_a_status_that_no_client_sends_again(
    aws: Aws, client: Client, cause: str, status: int
) -> None:
    ends(aws, failed("r-1", cause), after=1)

    answer, body, headers = client.call("POST", "/prompts", PROMPT)

    assert (answer, body["error"]["type"], body["error"]["request_id"]) == (status, cause, "r-1")
    assert "under a new id" in body["error"]["message"]
    assert "retry-after" not in headers


@pytest.mark.parametrize(
    ("outcome", "status"), [("THROTTLED", 503), ("UNKNOWN", 400), ("BAD_RESPONSE", 400)]
)
def test_no_room_is_worth_another_try_without_an_id_where_nothing_was_paid(
    aws: Aws, client: Client, outcome: str, status: int
) -> None:
    def end() -> None:
        key, hashed = unnamed(aws)
        aws.rows[key] = failed(key.split("/")[1], "Throttled")
        aws.rows[key]["REQUEST"]["payload_hash"] = hashed
        aws.rows[key]["ATTEMPT#01"]["outcome"] = outcome

    aws.at.append((1, end))

    answer, body, headers = client.call("POST", "/prompts", {"input": "Hi"})

    assert (answer, body["error"]["type"]) == (status, "Throttled")
    assert headers.get("retry-after") == ("5" if status == 503 else None)


def unnamed(aws: Aws) -> tuple[str, str]:
    """Return the key and the hash of the body of the request that was started last."""
    given = json.loads(aws.runs[aws.started[-1]].input)
    return key_of("acme", given["request_id"]), payload_hash(given)


def test_too_much_text_is_a_413_before_anything_runs(aws: Aws, client: Client) -> None:
    status, body, _ = client.call("POST", "/prompts", {"input": "x" * 1000})

    assert (status, body["error"]["type"]) == (413, "RequestTooLarge")
    assert not aws.started


@pytest.mark.parametrize("body", ["{", "", "[]", '"x"', "1", "{}", '{"input": 1}', "[" * 20_000])
def test_a_malformed_body_is_a_400_before_anything_runs(
    aws: Aws, client: Client, body: str
) -> None:
    status, answer, _ = client.call("POST", "/prompts", body)

    assert (status, answer["error"]["type"]) == (400, "InvalidRequest")
    assert answer["error"]["request_id"] == "gateway-1"
    assert not aws.started


def test_a_busy_step_functions_is_a_503_with_a_time(aws: Aws, client: Client) -> None:
    aws.busy = True

    status, body, headers = client.call("POST", "/prompts", PROMPT)

    assert (status, body["error"]["type"], headers["retry-after"]) == (503, "Busy", "1")
    assert body["error"]["request_id"] == "r-1"


def test_who_gave_no_id_is_told_the_one_to_send_again_with(aws: Aws, client: Client) -> None:
    aws.busy = True

    _, body, _ = client.call("POST", "/prompts", {"input": "Hi"})

    assert re.fullmatch("[0-9a-f]{32}", body["error"]["request_id"])


def test_a_run_that_aws_does_not_show_yet_is_waited_for(aws: Aws, client: Client) -> None:
    ends(aws, answered("r-1"), after=2)
    aws.shows = 1

    assert client.call("POST", "/prompts", PROMPT)[0] == 200


def test_a_request_that_nobody_may_look_for_is_not_said_to_be_none(
    aws: Aws, client: Client
) -> None:
    aws.missing = NotStarted

    status, body, _ = client.call("GET", "/prompts/r-1")

    assert (status, body["error"]["type"]) == (502, "NotStarted")


@pytest.mark.parametrize("name", ["a%20b", "x" * 81])
def test_what_is_no_id_is_not_looked_for(aws: Aws, client: Client, name: str) -> None:
    aws.missing = NotStarted

    assert client.call("GET", f"/prompts/{name}")[0] == 404


def test_a_request_is_found_by_its_tenant_alone(aws: Aws, client: Client) -> None:
    aws.rows[KEY] = answered("r-1")

    assert client.call("GET", "/prompts/r-1")[0] == 200
    assert client.call("GET", "/prompts/r-1", tenant="other")[0] == 404
    assert client.call("GET", "/prompts/r-2")[0] == 404


def test_a_row_that_says_another_tenant_than_its_key_is_shown_to_nobody(
    aws: Aws, client: Client
) -> None:
    aws.rows[KEY] = answered("r-1", tenant="other", cost_status="PRICED")

    assert client.call("GET", "/prompts/r-1")[0] == 404
    assert client.call("POST", "/prompts/r-1/feedback", {"feedback": "bad"})[0] == 404
    assert client.call("POST", "/prompts", PROMPT)[0] == 409
    assert aws.judged == []


def test_a_request_that_has_just_been_started_is_found_by_its_tenant_alone(
    aws: Aws, client: Client
) -> None:
    client.call("POST", "/prompts", PROMPT, query={"mode": "async"})

    assert client.call("GET", "/prompts/r-1")[1] == {"request_id": "r-1", "status": "STARTED"}
    assert client.call("GET", "/prompts/r-1", tenant="other")[0] == 404


def test_a_refused_request_is_found_with_its_refusal(aws: Aws, client: Client) -> None:
    client.call("POST", "/prompts", PROMPT, query={"mode": "async"})
    aws.refuse(RUN, "PolicyDenied")

    status, body, _ = client.call("GET", "/prompts/r-1")

    assert (status, body["status"]) == (200, "NOT_ACCEPTED")
    assert body["error"]["type"] == "PolicyDenied"


def test_an_open_request_has_no_cost_yet(aws: Aws, client: Client) -> None:
    rows = answered("r-1", status="ACCEPTED", ended_at=None, cost_status=None)
    aws.rows[KEY] = {"REQUEST": rows["REQUEST"]}

    _, body, headers = client.call("GET", "/prompts/r-1")

    assert (body["status"], body["cost_status"]) == ("ACCEPTED", "PENDING")
    assert "cost_usd" not in body
    assert "x-faregate-cost-usd" not in headers


def test_a_cost_that_is_not_known_is_left_out_and_never_0(aws: Aws, client: Client) -> None:
    aws.rows[KEY] = failed("r-1", "ModelTimeout")

    _, body, headers = client.call("GET", "/prompts/r-1")

    assert (body["cost_status"], body["cause"]) == ("UNKNOWN", "ModelTimeout")
    assert "cost_usd" not in body
    assert "x-faregate-cost-usd" not in headers


def test_a_large_answer_is_read_from_s3(aws: Aws, client: Client) -> None:
    aws.rows[KEY] = answered("r-1", output_s3="s3://b/k")

    assert client.call("GET", "/prompts/r-1")[1]["output"] == "text at s3://b/k"


def unread(_address: str) -> str:
    raise StoreUnavailable("SlowDown")


def test_a_large_answer_that_s3_does_not_give_now_is_busy_and_not_expired(aws: Aws) -> None:
    aws.rows[KEY] = answered("r-1", output_s3="s3://b/k")

    status, body, headers = Client(aws, changes={"text_at": unread}).call("GET", "/prompts/r-1")

    assert (status, body["error"]["type"]) == (503, "Busy")
    assert (headers["retry-after"], "x-should-retry" in headers) == ("1", False)


def test_a_large_answer_that_s3_does_not_give_now_is_waited_for_and_never_sent_again(
    aws: Aws,
) -> None:
    client = Client(aws, changes={"text_at": unread})
    ends(aws, answered("r-1", output_s3="s3://b/k"), after=2)

    status, body, headers = client.call("POST", "/prompts", PROMPT)

    assert (status, body["status"], headers["location"]) == (202, "STARTED", "/v1/prompts/r-1")


def test_a_large_answer_that_has_expired_is_left_out(aws: Aws) -> None:
    aws.rows[KEY] = answered("r-1", output_s3="s3://b/k")
    client = Client(aws, changes={"text_at": lambda _address: None})

    status, body, _ = client.call("GET", "/prompts/r-1")

    assert (status, body["status"], "output" in body) == (200, "SUCCEEDED", False)


def test_where_no_text_is_stored_the_answer_comes_from_the_run(aws: Aws) -> None:
    aws.rows[KEY] = answered("r-1")
    del aws.rows[KEY]["CONTENT"]
    aws.runs[RUN] = Run("SUCCEEDED", "{}", output=json.dumps({"output": "Paris."}))

    assert Client(aws, changes={"store_text": False}).call("GET", "/prompts/r-1")[1][
        "output"
    ] == "Paris."  # fmt: skip


def test_where_no_text_is_stored_the_answer_expires_with_the_run(aws: Aws) -> None:
    aws.rows[KEY] = answered("r-1")
    del aws.rows[KEY]["CONTENT"]

    status, body, _ = Client(aws, changes={"store_text": False}).call("GET", "/prompts/r-1")

    assert (status, body["status"], "output" in body) == (200, "SUCCEEDED", False)


def test_text_that_has_expired_is_not_taken_from_the_history(aws: Aws, client: Client) -> None:
    aws.rows[KEY] = answered("r-1")
    del aws.rows[KEY]["CONTENT"]
    aws.runs[RUN] = Run("SUCCEEDED", "{}", output=json.dumps({"output": "Paris."}))

    assert "output" not in client.call("GET", "/prompts/r-1")[1]


def test_a_verdict_is_given_in_the_tenants_name_on_its_own_request(
    aws: Aws, client: Client
) -> None:
    aws.rows[KEY] = answered("r-1", cost_status="PRICED")
    path, given = "/prompts/r-1/feedback", {"feedback": "bad", "note": "too short"}

    status, body, _ = client.call("POST", path, given)

    assert (status, body["feedback"], body["feedback_at"]) == (200, "bad", iso(AT))
    assert client.call("POST", path, given, tenant="other")[0] == 404
    assert client.call("POST", "/prompts/r-2/feedback", given)[0] == 404
    assert aws.judged == [(KEY, "bad", "acme", "too short")]


def test_a_verdict_that_cannot_be_kept_is_a_409(aws: Aws, client: Client) -> None:
    aws.rows[KEY] = answered("r-1")

    status, body, _ = client.call("POST", "/prompts/r-1/feedback", {"feedback": "good"})

    assert (status, body["error"]["type"]) == (409, "FeedbackRefused")
    assert "try again" in body["error"]["message"]


@pytest.mark.parametrize(
    "given", [{}, {"feedback": "great"}, {"feedback": "good", "note": ""}, {"note": "x"}, []]
)
def test_other_feedback_is_a_400(aws: Aws, client: Client, given: object) -> None:
    aws.rows[KEY] = answered("r-1", cost_status="PRICED")

    assert client.call("POST", "/prompts/r-1/feedback", given)[0] == 400
    assert not aws.judged


@pytest.mark.parametrize("note", ["\ud800", "é" * 501])
def test_a_note_that_cannot_be_kept_is_a_400_that_names_it(
    aws: Aws, client: Client, note: str
) -> None:
    aws.rows[KEY] = answered("r-1", cost_status="PRICED")
    given = {"feedback": "good", "note": note}

    status, body, _ = client.call("POST", "/prompts/r-1/feedback", given)

    assert (status, body["error"]["type"]) == (400, "InvalidRequest")
    assert "`note`" in body["error"]["message"]
    assert not aws.judged


def test_a_verdict_whose_note_was_lost_is_a_200_without_the_note(aws: Aws, client: Client) -> None:
    aws.rows[KEY] = answered("r-1", cost_status="PRICED")
    del aws.rows[KEY]["CONTENT"]
    given = {"feedback": "good", "note": "right"}

    status, body, _ = client.call("POST", "/prompts/r-1/feedback", given)

    assert (status, body["feedback"], "note" in body) == (200, "good", False)


def test_an_unknown_path_is_a_404_in_the_one_shape(client: Client) -> None:
    status, body, _ = client.call("GET", "/nowhere")

    assert (status, set(body["error"])) == (404, {"type", "message", "request_id"})


def test_what_nobody_thought_of_tells_no_text(aws: Aws, client: Client) -> None:
    aws.rows[KEY] = {"REQUEST": {"tenant": "acme"}}

    status, body, _ = client.call("GET", "/prompts/r-1")

    assert (status, body["error"]["type"]) == (502, "InternalError")


def test_an_unknown_query_is_a_400(client: Client) -> None:
    assert client.call("POST", "/prompts", PROMPT, query={"mode": "later"})[0] == 400
    assert client.call("POST", "/prompts", PROMPT, query={"made": "async"})[0] == 400
