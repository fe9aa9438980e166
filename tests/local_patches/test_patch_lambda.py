"""A Lambda's errors, deaths and surroundings are AWS's."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.emulator.patches.lambda_ import worker_cap

CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Caught", "Output": "{% $states.errorOutput %}"}]


def invoke(lab: Any, name: str, event: Any = None) -> tuple[Any, str | None]:
    answer = lab.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return json.load(answer["Payload"]), answer.get("FunctionError")


def task(name: str, **more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": name, "Payload": "{% $states.input %}"},
        "Output": "{% $states.result.Payload %}",
        "End": True,
        **more,
    }


def test_exception_keeps_its_class_name_and_the_worker_its_life(lab: Any) -> None:
    name = lab.function(
        "import os\n"
        "class Conflict(Exception): pass\n"
        "def handler(event, context):\n"
        "    if event == 'fail': raise Conflict('no ☂')\n"
        "    return os.getpid()\n"
    )
    before, _ = invoke(lab, name)

    error, kind = invoke(lab, name, "fail")
    after, _ = invoke(lab, name)

    assert kind == "Unhandled"
    assert error.keys() == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert (error["errorType"], error["errorMessage"]) == ("Conflict", "no ☂")
    assert "raise Conflict" in error["stackTrace"][-1]
    assert before == after


def test_workflow_catches_an_exception_by_its_class_name(lab: Any) -> None:
    name = lab.function("def handler(event, context):\n    raise KeyError('k')\n")
    catch = [{**CATCH[0], "ErrorEquals": ["KeyError"]}]

    caught = lab.output({"Call": task(name, Catch=catch), "Caught": {"Type": "Succeed"}})

    assert caught["Error"] == "KeyError"
    assert json.loads(caught["Cause"])["errorType"] == "KeyError"


def test_time_out_is_sandbox_timedout_and_the_next_call_works(lab: Any) -> None:
    name = lab.function(
        "import time\n"
        "def handler(event, context):\n"
        "    if event.get('sleep'): time.sleep(600)\n"
        "    return context.get_remaining_time_in_millis()\n",
        Timeout=1,
    )
    states = {"Call": task(name, Catch=CATCH), "Caught": {"Type": "Succeed"}}

    caught = lab.output(states, {"sleep": True})
    remaining = lab.output(states)

    assert caught["Error"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in json.loads(caught["Cause"])["errorMessage"]
    assert 0 < remaining <= 1000


def test_dead_process_is_runtime_exit_error(lab: Any) -> None:
    name = lab.function("import os\ndef handler(event, context):\n    os._exit(7)\n")

    error, _ = invoke(lab, name)

    assert error["errorType"] == "Runtime.ExitError"
    assert "exit status 7" in error["errorMessage"]


def test_killed_call_did_its_work_but_its_answer_is_lost(lab: Any) -> None:
    url, _ = lab.queue()
    name = lab.function(
        "import boto3\n"
        "def handler(event, context):\n"
        f"    boto3.client('sqs').send_message(QueueUrl={url!r}, MessageBody='1')\n"
    )
    lab.control("kill", function=name, count=1, after_ms=9000)

    error, _ = invoke(lab, name)
    answer, failed = invoke(lab, name)

    assert error["errorType"] == "Runtime.ExitError"
    assert (answer, failed) == (None, None)
    assert lab.messages(url, at_least=2) == [1, 1]


def test_missing_module_is_an_import_module_error(lab: Any) -> None:
    name = lab.function("import no_such_module\n")

    error, _ = invoke(lab, name)

    assert error["errorType"] == "Runtime.ImportModuleError"
    assert (
        error["errorMessage"] == "Unable to import module 'app': No module named 'no_such_module'"
    )


def test_function_sees_lambdas_packages_and_variables_alone(lab: Any) -> None:
    name = lab.function(
        "import importlib.util, os, boto3\n"
        "def handler(event, context):\n"
        "    names = ('ministack', 'requests', 'boto3')\n"
        "    found = [m for m in names if importlib.util.find_spec(m)]\n"
        "    return [found, os.environ.get('PYTEST_CURRENT_TEST'), os.environ['KEPT']]\n",
        Environment={"Variables": {"KEPT": "yes"}},
    )

    answer, _ = invoke(lab, name)

    assert answer == [["boto3"], None, "yes"]


def test_what_the_handler_prints_reaches_its_log_and_not_its_answer(lab: Any) -> None:
    name = lab.function(
        "import os\n"
        "def handler(event, context):\n"
        "    print('{\"result\": 1}'); os.write(1, b'raw\\n'); return 'answer'\n"
    )

    answer, _ = invoke(lab, name)
    events = lab.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]

    assert answer == "answer"
    assert {'{"result": 1}', "raw"} <= {event["message"] for event in events}


def test_burst_of_calls_waits_for_a_worker_instead_of_failing(lab: Any) -> None:
    name = lab.function("def handler(event, context):\n    return event\n")
    machine = lab.machine({"Call": task(name, TimeoutSeconds=10)})

    with ThreadPoolExecutor(16) as pool:
        runs = list(pool.map(lambda n: lab.start(machine, {"n": n}), range(60)))
        ended = list(pool.map(lambda run: lab.end(run, seconds=60), runs))

    assert [json.loads(run["output"])["n"] for run in ended] == list(range(60))


def test_waiting_for_a_worker_does_not_count_towards_the_tasks_time_out(lab: Any) -> None:
    name = lab.function("import time\ndef handler(event, context):\n    time.sleep(0.5)\n")
    machine = lab.machine({"Call": task(name, TimeoutSeconds=3)})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: invoke(lab, name), range(8)))  # a cold start does count

        runs = list(pool.map(lambda _: lab.start(machine), range(48)))  # 4 s on 6 workers
        ended = list(pool.map(lambda run: lab.end(run, seconds=60), runs))

    assert {(run["status"], run.get("error"), run.get("cause")) for run in ended} == {
        ("SUCCEEDED", None, None)
    }


def test_functions_that_wait_for_a_workflow_leave_its_functions_a_place(lab: Any) -> None:
    inner = lab.function("def handler(event, context):\n    return 'done'\n")
    machine = lab.machine({"Call": task(inner, TimeoutSeconds=10)})
    outer = lab.function(
        "import boto3, time\n"
        "def handler(event, context):\n"
        "    states = boto3.client('stepfunctions')\n"
        f"    run = states.start_execution(stateMachineArn={machine!r})['executionArn']\n"
        "    while (end := states.describe_execution(executionArn=run))['status'] == 'RUNNING':\n"
        "        time.sleep(0.1)\n"
        "    return end['status']\n",
        Timeout=30,
    )
    outers = lab.machine({"Call": task(outer, TimeoutSeconds=60)})

    runs = [lab.start(outers) for _ in range(worker_cap.size())]
    ended = [lab.end(run, seconds=60) for run in runs]

    assert {run.get("output") for run in ended} == {'"SUCCEEDED"'}


def test_what_a_function_calls_is_told_by_name_and_never_by_content(lab: Any) -> None:
    url, _ = lab.queue()
    name = lab.function(
        "import boto3\n"
        "def handler(event, context):\n"
        f"    boto3.client('sqs').send_message(QueueUrl={url!r}, MessageBody='content')\n"
    )

    invoke(lab, name)
    invoke(lab, name)

    assert lab.control("calls")[name] == [
        {"service": "sqs", "operation": "SendMessage", "names": {"QueueUrl": url}}
    ]
