"""What moto 5.2's Step Functions interpreter lacks or does otherwise than AWS, put right while a block runs.

| patch | AWS | moto 5.2.5 |
|---|---|---|
| `_expression` | JSONata 2.0.6 with `$states`, the variables, and six functions of its own; no value, or a failure, is `States.QueryEvaluationError` | has no engine; would paste the variables into the expression as text, strings unescaped |
| `_expression` | times of the context end in milliseconds and `Z` | Python's `isoformat()`, microseconds and `+00:00` |
| `_text` | a text of the definition is JSON | keeps its escapes |
| `_http_task` | `arn:aws:states:::http:invoke` | the resource is refused |
| `nested_run` | `states:startExecution.sync:2` starts a run and waits for it | names of parameters and results are not those of AWS; the task fails as `States.Runtime` |
| `_any_error_name` | an error is called as it comes, `States.Http.StatusCode.429` too, in `ErrorEquals` and in a Fail | a name of its own that begins with `States.` ends the parse, or the run as `States.Runtime` |
| `_matches` | `States.ALL` and `States.TaskFailed` catch neither `States.DataLimitExceeded` nor `States.Runtime`; nothing catches the latter | `States.ALL` catches everything |
| `_arguments` | the arguments of a task hold 256 KiB at most | no limit |
| `_assign` | one Assign holds 256 KiB at most | no limit |
| `_within_limit` | 256 KiB of UTF-8, as compact JSON | counts escapes, spaces, and refuses exactly 256 KiB |
| `_invoke_client` | `lambda:invoke` calls the function | starts Docker |
| `_waits_for_its_token` | waits until `SendTaskSuccess`, `SendTaskFailure` or the task's TimeoutSeconds | the same, in real time: here the test says who answers, and when the time is over |
| `_fail_with_cause` | `SendTaskFailure` gives the task an error and a cause | drops the cause |
| `_over`, `_nothing_after` | once a run was aborted or timed out, nothing more happens in it | its task's end is still written into the history, then caught or retried, and the run ends as FAILED |
| `_result_before_status` | a run that has ended has its output, or its error | shows the status first: whoever looks in between finds no output |
| `_one_at_a_time` | a transaction that fails changes nothing | puts back all tables, and what others wrote meanwhile is gone |
| `numbers` | a number with an exponent and no point, `9E-7`, is added like any other | `int("9E-7")` fails the transaction |
| `_no_waiting` | a retrier waits IntervalSeconds × BackoffRate^n, with jitter | the same, in real time |

For speed alone: a definition is parsed once (0.3 s), a boto3 client is made once.
"""  # noqa: E501

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from threading import RLock
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from moto.core.responses import EmptyResult
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.stepfunctions.parser.api import (
    EvaluationFailedEventDetails,
    HistoryEventType,
    TaskFailedEventDetails,
)
from moto.stepfunctions.parser.asl.component.common.assign import assign_decl
from moto.stepfunctions.parser.asl.component.common.error_name import (
    error_equals_decl,
)
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec import execute_state
from moto.stepfunctions.parser.asl.component.state.exec.state_task import (
    lambda_eval_utils,
    state_task,
    state_task_factory,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_aws_sdk,
    state_task_service_callback,
    state_task_service_sns,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (  # noqa: E501
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramError
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
from moto.stepfunctions.responses import StepFunctionResponse

from tests.workflow.interpreter import nested_run, numbers
from tests.workflow.interpreter.engine import Engine, QueryError
from tests.workflow.interpreter.functions import Functions
from tests.workflow.interpreter.http_task import HttpTask

LIMIT = 256 * 1024
_NOT_IN_ALL = ("States.DataLimitExceeded", "States.Runtime")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")

# Answers a waiting task: takes its token, and how to wait for SendTaskSuccess or SendTaskFailure.
Human = Callable[[str, Callable[[], Any]], Any]


@contextmanager
def patched(
    engine: Engine, functions: Functions, http_task: Callable[[], HttpTask], human: Human
) -> Iterator[None]:
    """Let moto do as AWS does, as far as the table of this module says."""
    custom = CustomErrorName
    with ExitStack() as stack:

        def put(target: Any, name: str, value: Any) -> None:
            stack.enter_context(patch.object(target, name, value))

        put(StringJSONata, "_eval_body", _expression(engine))
        put(Preprocessor, "_inner_string_of", _text())
        put(state_task_factory, "state_task_service_for", _http_task(http_task))
        put(custom, "__init__", _any_error_name)
        put(error_equals_decl.ErrorEqualsDecl, "_eval_body", _matches())
        put(state_task.StateTask, "_eval_parameters", _arguments())
        put(assign_decl.AssignDecl, "_eval_body", _assign)
        for module in (state, state_task_service):
            put(module, "is_within_size_quota", _within_limit)
        put(lambda_eval_utils, "boto_client_for", _invoke_client(functions))
        put(StepFunctionResponse, "send_task_failure", _fail_with_cause)
        put(state_task_service.StateTaskService, "_after_eval_execution", _over())
        put(execute_state.ExecutionState, "_evaluate_with_timeout", _nothing_after())
        put(
            state_task_service_callback.StateTaskServiceCallback,
            "_wait_for_task_token_timeout",
            _waits_for_its_token(human),
        )
        worker = BaseExecutionWorkerCommunication
        reflect = worker._reflect_execution_status
        put(worker, "_reflect_execution_status", _result_before_status(reflect))
        lock = RLock()
        for name in ("transact_write_items", "put_item", "update_item", "delete_item"):
            put(DynamoDBBackend, name, _one_at_a_time(getattr(DynamoDBBackend, name), lock))
        put(DynamoType, "__add__", numbers.add)
        put(DynamoType, "__sub__", numbers.subtract)
        put(StateTaskServiceSfn, "_eval_service_task", nested_run.start)
        put(StateTaskServiceSfn, "_build_sync2_resolver", nested_run.wait)
        put(state_task_service_callback, "_DELAY_SECONDS_SYNC_CONDITION_CHECK", 0.005)
        put(retrier_decl, "time", SimpleNamespace(sleep=_no_waiting))
        put(AmazonStateLanguageParser, "parse", staticmethod(lru_cache(_parse)))
        client = lru_cache(boto_client_for)
        for service in (state_task_service_aws_sdk, state_task_service_sns):
            put(service, "boto_client_for", _one_client(client))
        stack.callback(logging.getLogger("moto.stepfunctions").setLevel, logging.NOTSET)
        logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
        yield


def _result_before_status(reflect: Callable[[Any], None]) -> Callable[[Any], None]:
    def reflected(self: BaseExecutionWorkerCommunication) -> None:
        execution = self.execution
        ended = execution.exec_worker.env.program_state()
        if isinstance(ended, ProgramEnded):
            execution.output = execution.exec_worker.env.states.get_input()
        elif isinstance(ended, ProgramError):
            execution.error = ended.error.get("error")
            execution.cause = ended.error.get("cause")
        reflect(self)

    return reflected


def _one_at_a_time(write: Callable[..., Any], lock: RLock) -> Callable[..., Any]:
    def alone(*given: Any, **named: Any) -> Any:
        with lock:
            return write(*given, **named)

    return alone


_parse = AmazonStateLanguageParser.parse


def failure(env: Any, error: str, cause: str) -> FailureEventException:
    """Return a task's failure under the name that Retry and Catch match."""
    details = EventDetails(taskFailedEventDetails=TaskFailedEventDetails(error=error, cause=cause))
    return FailureEventException(
        FailureEvent(env, CustomErrorName(error), HistoryEventType.TaskFailed, details)
    )


def size(value: Any) -> int:
    """Return the bytes of a value as Step Functions counts them."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode())


def _expression(engine: Engine) -> Any:
    def evaluate(self: StringJSONata, env: Any) -> None:
        # Inner names win over outer ones; `$states` is reserved.
        scopes = (env.variable_store._outer_scope, env.variable_store._inner_scope)
        variables = {name: value for scope in scopes for name, value in scope.items()}
        # What a state does not have yet is no null: it is not there.
        found = {name: it for name, it in env.states._states_data.items() if it is not None}
        try:
            value = engine.evaluate(self.expression, _json({**variables, "states": found}))
        except QueryError as error:
            details = EvaluationFailedEventDetails(
                error="States.QueryEvaluationError",
                cause=f"The JSONata expression '{self.expression}' failed: {error}",
            )
            raise FailureEventException(
                FailureEvent(
                    env,
                    CustomErrorName("States.QueryEvaluationError"),
                    HistoryEventType.EvaluationFailed,
                    EventDetails(evaluationFailedEventDetails=details),
                )
            ) from error
        env.stack.append(value)

    return evaluate


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _json(it) for name, it in value.items()}
    if isinstance(value, list):
        return [_json(it) for it in value]
    if isinstance(value, datetime):
        value = value.astimezone(UTC).isoformat()
    if isinstance(value, str) and _TIME.fullmatch(value):
        moment = datetime.fromisoformat(value)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    return value


def _text() -> Any:
    written = Preprocessor._inner_string_of

    def text(parser_rule_context: Any) -> Any:
        found = written(parser_rule_context)
        return found if found is None else json.loads(f'"{found}"')

    return staticmethod(text)


def _http_task(make: Callable[[], HttpTask]) -> Any:
    others = state_task_factory.state_task_service_for

    def service_for(service_name: str) -> Any:
        return make() if service_name == "http" else others(service_name=service_name)

    return service_for


def _any_error_name(self: CustomErrorName, error_name: str | None) -> None:
    ErrorName.__init__(self, error_name)


def _matches() -> Any:
    match = error_equals_decl.ErrorEqualsDecl._eval_body

    def matches(self: Any, env: Any) -> None:
        name = env.stack[-1].error_name
        if name not in _NOT_IN_ALL:
            match(self, env)
            return
        env.stack.pop()
        listed = name in [it.error_name for it in self.error_names]
        env.stack.append(listed and name != "States.Runtime")

    return matches


def _arguments() -> Any:
    evaluate = state_task.StateTask._eval_parameters

    def arguments(self: Any, env: Any) -> Any:
        found = evaluate(self, env)
        if size(found) > LIMIT:
            raise failure(
                env,
                "States.DataLimitExceeded",
                f"The state/task '{self.name}' was given arguments with a size exceeding the "
                "maximum number of bytes service limit.",
            )
        return found

    return arguments


def _assign(self: Any, env: Any) -> None:
    declared: dict[str, Any] = {}
    for binding in self.declaration_bindings:
        binding.eval(env=env)
        declared.update(env.stack.pop())
    if size(declared) > LIMIT:
        raise failure(
            env,
            "States.DataLimitExceeded",
            "The variables assigned exceed the maximum number of bytes service limit.",
        )
    for name, value in declared.items():
        env.variable_store.set(variable_identifier=name, variable_value=value)


def _within_limit(value: Any) -> bool:
    return size(value) <= LIMIT


def _invoke_client(functions: Functions) -> Any:
    return lambda service, region, state_credentials=None: functions


def _waits_for_its_token(human: Human) -> Any:
    def wait(self: Any, timeout_seconds: int, callback_endpoint: Any) -> Any:
        # In real time only if a test forgets to answer.
        def answered() -> Any:
            return callback_endpoint.wait(timeout=30)

        # moto listens for a token while it waits for a child, too; nobody has it.
        if self.resource.condition != ResourceCondition.WaitForTaskToken:
            return answered()
        return human(callback_endpoint.callback_id, answered)

    return wait


def _fail_with_cause(self: StepFunctionResponse) -> EmptyResult:
    sent = (self._get_param(name) for name in ("taskToken", "error", "cause"))
    self.stepfunction_backend.send_task_failure(*sent)
    return EmptyResult()


class _Over(Exception):
    """The run was ended from outside while its task worked."""


def _over() -> Any:
    report = state_task_service.StateTaskService._after_eval_execution

    def reported(self: Any, env: Any, **more: Any) -> None:
        if not env.is_running():
            raise _Over
        report(self, env, **more)

    return reported


def _nothing_after() -> Any:
    evaluate = execute_state.ExecutionState._evaluate_with_timeout

    def evaluated(self: Any, env: Any) -> None:
        try:
            evaluate(self, env)
        except Exception:
            if env.is_running():
                raise

    return evaluated


def _no_waiting(_seconds: float) -> None:
    """Retries wait on AWS."""


def _one_client(client: Any) -> Any:
    def of(region: str, service: str, state_credentials: Any = None) -> Any:
        return client(region=region, service=service)

    return of
