"""What an HTTP status means for the bill, whichever way it came."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from botocore.exceptions import ClientError, ParamValidationError
from hypothesis import given
from hypothesis import strategies as st

from router import errors
from router.invocation.call import ModelCall, Provider
from router.providers import anthropic_api, openai_api
from router.providers.bedrock import Bedrock
from router.providers.http_task import error_of_task
from router.providers.statuses import error_of_connection, error_of_status, words
from tests.support.factories import asking

SECRET = "the launch code is 0042"
STATUSES = {
    400: errors.InvalidModelRequest,
    401: errors.AccessDenied,
    402: errors.AccessDenied,
    403: errors.AccessDenied,
    404: errors.ModelNotFound,
    405: errors.InvalidModelRequest,
    407: errors.AccessDenied,
    408: errors.ModelTimeout,
    409: errors.InvalidModelRequest,
    410: errors.ModelNotFound,
    413: errors.ContextTooLong,
    418: errors.InvalidModelRequest,
    422: errors.InvalidModelRequest,
    424: errors.InvalidModelRequest,
    429: errors.Throttled,
    451: errors.AccessDenied,
    499: errors.InvalidModelRequest,
    500: errors.ModelError,
    501: errors.ModelError,
    502: errors.ModelError,
    503: errors.Overloaded,
    504: errors.ModelError,
    520: errors.ModelError,
    529: errors.Overloaded,
    599: errors.ModelError,
    302: errors.ModelError,
}


@pytest.mark.parametrize(("status", "kind"), STATUSES.items())
def test_a_status_means_the_same_to_every_way_to_call(
    status: int, kind: type[errors.CallError]
) -> None:
    assert type(error_of_status("openai", status)) is kind
    assert type(error_of_task(f"States.Http.StatusCode.{status}", "")) is kind


@given(st.integers(300, 599))
def test_a_4xx_was_refused_before_any_work_and_what_is_not_listed_may_be_billed(
    status: int,
) -> None:
    error = error_of_status("openai", status)

    if 400 <= status < 500 and status != 408:
        assert isinstance(error, errors.Rejected | errors.NotBilled)
    if isinstance(error, errors.NotBilled):
        assert status in (429, 503, 529)


def test_a_detail_holds_the_status_and_the_code() -> None:
    assert error_of_status("openai", 404, "model_not_found").detail == "HTTP 404: model_not_found"
    assert error_of_status("openai", 404).detail == "HTTP 404"


@pytest.mark.parametrize(
    ("codes", "kept"),
    [
        (("invalid_value", "invalid_request_error"), "invalid_value invalid_request_error"),
        (("same", "same"), "same"),
        ((SECRET, "code"), "code"),
        ((None, 7, {}, ["x"]), ""),
        (("x" * 61,), ""),
        (("",), ""),
    ],
)
def test_codes_are_kept_as_far_as_they_are_words(codes: tuple[Any, ...], kept: str) -> None:
    assert words(*codes) == kept


# ---- the HTTP Task


def cause(body: Any) -> str:
    return json.dumps({"StatusCode": 400, "StatusText": "Bad Request", "ResponseBody": body})


@pytest.mark.parametrize(
    ("name", "kind", "detail"),
    [
        ("Events.ConnectionResource.AuthInProgress", errors.Unreachable, "AuthInProgress"),
        ("Events.ConnectionResource.ConcurrentModification", errors.Unreachable, None),
        ("Events.ConnectionResource.InternalError", errors.Unreachable, None),
        ("Events.ConnectionResource.AccessDenied", errors.AccessDenied, "AccessDenied"),
        ("Events.ConnectionResource.InvalidConnectionState", errors.AccessDenied, None),
        ("Events.ConnectionResource.InvalidPrivateConnectionState", errors.AccessDenied, None),
        ("Events.ConnectionResource.ResourceNotFound", errors.AccessDenied, None),
    ],
)
def test_a_connection_that_is_not_ready_sent_nothing(
    name: str, kind: type[errors.CallError], detail: str | None
) -> None:
    error = error_of_task(name, SECRET)

    assert type(error) is kind
    assert detail is None or error.detail == detail
    assert SECRET not in str(error)


@pytest.mark.parametrize(
    "name",
    ["States.Http.Socket", "States.Timeout", "States.Runtime", "States.TaskFailed",
     "States.Http.StatusCode", "States.Http.StatusCode.4000", "Events.ConnectionResource.New",
     "Events.Other", "", "Unknown"],
)  # fmt: skip
def test_what_says_nothing_of_the_call_may_be_billed(name: str) -> None:
    assert error_of_task(name, SECRET) is None


@given(st.text(), st.text())
def test_whatever_a_task_reports_it_is_an_error_of_a_call_or_nothing(name: str, why: str) -> None:
    for reported in (name, f"States.Http.StatusCode.{name}", "States.Http.StatusCode.400"):
        error = error_of_task(reported, why)
        assert error is None or isinstance(error, errors.CallError)


TOO_LONG = {"error": {"code": "context_length_exceeded", "message": SECRET}}
INVALID = {"error": {"code": "invalid_value", "type": "invalid_request_error", "message": SECRET}}


@pytest.mark.parametrize(
    ("why", "kind", "detail"),
    [
        (cause(TOO_LONG), errors.ContextTooLong, "HTTP 400: context_length_exceeded"),
        (cause(json.dumps(TOO_LONG)), errors.ContextTooLong, "HTTP 400: context_length_exceeded"),
        (json.dumps(TOO_LONG), errors.ContextTooLong, "HTTP 400: context_length_exceeded"),
        ('{"error": {"code": "context_length_exceeded", "messa', errors.ContextTooLong, None),
        (cause(INVALID), errors.InvalidModelRequest,
         "HTTP 400: invalid_value invalid_request_error"),
        (cause({"error": SECRET}), errors.InvalidModelRequest, "HTTP 400"),
        (cause([SECRET]), errors.InvalidModelRequest, "HTTP 400"),
        (SECRET, errors.InvalidModelRequest, "HTTP 400"),
        ("", errors.InvalidModelRequest, "HTTP 400"),
    ],
)  # fmt: skip
def test_of_a_body_its_code_and_type_are_kept_and_never_its_message(
    why: str, kind: type[errors.CallError], detail: str | None
) -> None:
    error = error_of_task("States.Http.StatusCode.400", why)

    assert type(error) is kind
    assert detail is None or error.detail == detail
    assert "launch" not in error.detail


def test_a_message_that_speaks_of_long_contexts_is_no_code() -> None:
    body = {"error": {"code": "invalid_value", "message": "what is context_length_exceeded?"}}

    error = error_of_task("States.Http.StatusCode.400", cause(body))

    assert type(error) is errors.InvalidModelRequest


# ---- the SDKs


class Refusing:
    """A Converse that refuses with a message which quotes the prompt."""

    def __init__(self, code: str, status: int, message: str) -> None:
        self._given = (code, status, message)

    def converse(self, **_: Any) -> None:
        code, status, message = self._given
        raise ClientError(
            {"Error": {"Code": code, "Message": message},
             "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
            "Converse",
        )  # fmt: skip


def call(provider: str) -> ModelCall:
    return ModelCall(provider, "m", asking(SECRET), 9)


def refusing(status: int, body: Any) -> httpx2.Client:
    return httpx2.Client(
        transport=httpx2.MockTransport(lambda _request: httpx2.Response(status, json=body))
    )


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_api, "api_key", lambda _: "sk-1")
    monkeypatch.setattr(anthropic_api, "api_key", lambda _: "sk-1")


def sdk(provider: str, status: int, code: str, message: str = SECRET) -> Provider:
    error = {"code": code, "type": code, "message": message}
    client = refusing(status, {"type": "error", "error": error})
    match provider:
        case "openai":
            gpt = openai.OpenAI(api_key="x", max_retries=0, http_client=client)
            return openai_api.OpenAI(gpt, "/key")
        case "anthropic":
            claude = anthropic.Anthropic(api_key="x", max_retries=0, http_client=client)
            return anthropic_api.Anthropic(claude, "/key")
    return Bedrock(Refusing(code, status, message))  # type: ignore[arg-type]


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize(("status", "kind"), [it for it in STATUSES.items() if it[0] >= 400])
def test_an_sdk_reads_the_same_table(
    provider: str, status: int, kind: type[errors.CallError]
) -> None:
    with pytest.raises(kind) as raised:
        sdk(provider, status, "some_code").complete(call(provider))

    assert type(raised.value) is kind


@pytest.mark.parametrize("provider", ["bedrock", "openai", "anthropic"])
def test_a_providers_message_that_quotes_the_prompt_is_left_out(provider: str) -> None:
    with pytest.raises(errors.InvalidModelRequest) as raised:
        sdk(provider, 400, "ValidationException").complete(call(provider))

    assert "launch" not in raised.value.detail
    assert "ValidationException" in raised.value.detail


@pytest.mark.parametrize("provider", ["anthropic", "bedrock"])
@pytest.mark.parametrize("field", ["tool_choice.type", "toolChoice.any"])
def test_a_model_that_cannot_be_made_to_call_a_tool_is_known_by_the_detail(
    provider: str, field: str
) -> None:
    message = f"{field}: not supported with {SECRET}"

    with pytest.raises(errors.InvalidModelRequest, match="write auto") as raised:
        sdk(provider, 400, "ValidationException", message).complete(call(provider))

    assert SECRET not in raised.value.detail


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ThrottlingException", 429, errors.Throttled),
        ("ServiceQuotaExceededException", 400, errors.QuotaExhausted),
        ("ModelNotReadyException", 429, errors.Overloaded),
        ("ServiceUnavailableException", 503, errors.Overloaded),
        ("ModelTimeoutException", 408, errors.ModelTimeout),
        ("ModelErrorException", 424, errors.ModelError),
        ("InternalServerException", 500, errors.ModelError),
        ("AccessDeniedException", 403, errors.AccessDenied),
        ("ResourceNotFoundException", 404, errors.ModelNotFound),
        # Not in botocore's model of today: the status decides.
        ("SomethingNewException", 400, errors.InvalidModelRequest),
        ("SomethingNewException", 429, errors.Throttled),
        ("SomethingNewException", 500, errors.ModelError),
    ],
)
def test_bedrocks_names_stand_before_its_statuses(
    code: str, status: int, kind: type[errors.CallError]
) -> None:
    with pytest.raises(kind) as raised:
        sdk("bedrock", status, code).complete(call("bedrock"))

    assert type(raised.value) is kind


def test_a_field_that_botocore_does_not_know_was_not_sent() -> None:
    class Older(Refusing):
        def converse(self, **_: Any) -> Any:
            raise ParamValidationError(report="Unknown parameter in input: serviceTier")

    with pytest.raises(errors.InvalidModelRequest) as raised:
        Bedrock(Older("", 0, "")).complete(call("bedrock"))  # type: ignore[arg-type]

    assert raised.value.outcome == "REJECTED"


@pytest.mark.parametrize(
    ("transport", "kind"),
    [
        (httpx2.ConnectError("refused"), errors.Unreachable),
        (httpx2.ConnectTimeout("slow"), errors.Unreachable),
        (httpx2.ReadError("reset"), errors.ModelError),
        (httpx2.RemoteProtocolError("half"), errors.ModelError),
        (None, errors.ModelError),
    ],
)
def test_a_connection_that_was_never_made_is_told_from_one_that_broke(
    transport: Exception | None, kind: type[errors.CallError]
) -> None:
    error = Exception("Connection error.")
    error.__cause__ = transport

    assert type(error_of_connection(error)) is kind
