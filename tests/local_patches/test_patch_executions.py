"""What bounds and surrounds an execution is AWS's: time, size, name, retries, variables, events."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

CATCH_ALL = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
CAUGHT = {"Caught": {"Type": "Succeed", "Output": "caught"}}


def task(name: str, **more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": name, "Payload": "{% $states.input %}"},
        **more,
    }


@pytest.fixture
def bus(lab: Any) -> Any:
    """Answers a function that routes events of one kind to a queue and answers the queue's URL."""

    def listen(pattern: dict[str, Any]) -> str:
        url, arn = lab.queue()
        events, rule = lab.client("events"), lab.name("rule")
        events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
        return str(url)

    return listen


def test_machine_over_its_time_limit_is_timed_out_with_its_event(lab: Any, bus: Any) -> None:
    machine = lab.machine(
        {
            "Wait": {"Type": "Wait", "Seconds": 2, "Next": "Never"},
            "Never": {"Type": "Succeed"},
        },
        TimeoutSeconds=1,
    )
    url = bus(
        {
            "source": ["aws.states"],
            "detail": {"stateMachineArn": [machine], "status": ["TIMED_OUT", "FAILED"]},
        }
    )

    run = lab.start(machine, {"kept": 1})
    ended = lab.end(run)
    (event,) = lab.messages(url)

    assert (ended["status"], ended["error"]) == ("TIMED_OUT", "States.Timeout")
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert event["detail"]["status"] == "TIMED_OUT"
    assert json.loads(event["detail"]["input"]) == {"kept": 1}
    history = lab.client("stepfunctions").get_execution_history(executionArn=run)["events"]
    assert history[-1]["type"] == "ExecutionTimedOut"


def test_aborted_run_stays_aborted_and_retries_no_more(lab: Any) -> None:
    url, _ = lab.queue()
    name = lab.function(
        "import boto3\n"
        "def handler(event, context):\n"
        f"    boto3.client('sqs').send_message(QueueUrl={url!r}, MessageBody='1')\n"
        "    raise ValueError('again')\n"
    )
    retry = [{"ErrorEquals": ["ValueError"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    run = lab.start(lab.machine({"Call": task(name, Retry=retry, End=True)}))
    lab.messages(url)

    states = lab.client("stepfunctions")
    states.stop_execution(executionArn=run)
    lab.run({"Wait": {"Type": "Wait", "Seconds": 3, "End": True}})  # past the retry's time

    assert lab.end(run)["status"] == "ABORTED"
    history = states.get_execution_history(executionArn=run)["events"]
    assert history[-1]["type"] == "ExecutionAborted"
    assert "Messages" not in lab.client("sqs").receive_message(QueueUrl=url)


def test_same_name_and_input_while_running_answers_the_same_run(lab: Any) -> None:
    machine = lab.machine({"Wait": {"Type": "Wait", "Seconds": 1, "End": True}})
    states = lab.client("stepfunctions")

    first = lab.start(machine, {"a": 1}, name="once")
    second = lab.start(machine, {"a": 1}, name="once")
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        lab.start(machine, {"a": 2}, name="once")
    lab.end(first)
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        lab.start(machine, {"a": 1}, name="once")

    assert first == second


def test_a_distributed_map_in_jsonata_reads_the_file_that_its_input_names(lab: Any) -> None:
    bucket, s3 = lab.name("items"), lab.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="items.json", Body=b'[{"n": 1}, {"n": 2}]')
    states = {
        "Read": {
            "Type": "Map",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "JSON"},
                "Arguments": {"Bucket": "{% $states.input.bucket %}", "Key": "items.json"},
            },
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Twice",
                "States": {
                    "Twice": {"Type": "Pass", "Output": "{% $states.input.n * 2 %}", "End": True}
                },
            },
            "Assign": {"found": "{% $states.result %}"},
            "Output": "{% $count($states.result) %}",
            "Next": "Done",
        },
        "Done": {"Type": "Succeed", "Output": ["{% $states.input %}", "{% $found %}"]},
    }

    assert lab.output(states, {"bucket": bucket}) == [2, [2, 4]]


def test_result_over_256_kib_is_not_caught_by_states_all(lab: Any) -> None:
    name = lab.function("def handler(event, context):\n    return 'x' * event['size']\n")
    states = {"Call": task(name, Catch=CATCH_ALL, End=True), **CAUGHT}

    small = lab.run(states, {"size": 262_000})
    large = lab.run(states, {"size": 262_145})
    named = [{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "Caught"}]
    caught = lab.output({**states, "Call": task(name, Catch=named, End=True)}, {"size": 262_145})

    assert small["status"] == "SUCCEEDED"
    assert (large["status"], large["error"]) == ("FAILED", "States.DataLimitExceeded")
    assert caught == "caught"


def test_size_is_counted_in_bytes_of_utf_8(lab: Any) -> None:
    output = "{% $pad('', 90000, '☂') %}"

    ended = lab.run({"Grow": {"Type": "Pass", "Output": output, "End": True}})

    assert ended["error"] == "States.DataLimitExceeded"


def test_input_over_256_kib_is_refused(lab: Any) -> None:
    machine = lab.machine({"Done": {"Type": "Succeed"}})

    with pytest.raises(lab.client("stepfunctions").exceptions.ClientError, match="262144"):
        lab.start(machine, "x" * 262_144)


def test_runtime_error_is_caught_by_nothing(lab: Any) -> None:
    names = ["States.ALL", "States.TaskFailed", "States.Runtime"]
    for name in names:
        catch = [{"ErrorEquals": [name], "Next": "Caught"}]
        broken = {
            "Type": "Task",
            "Resource": "arn:aws:states:::http:invoke",
            "Arguments": {"ApiEndpoint": "https://example.com", "Method": "GET"},
            "Catch": catch,
            "End": True,
        }

        ended = lab.run({"Call": broken, **CAUGHT})

        assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime"), name


def test_retries_are_counted_in_the_context_and_their_delay_is_capped(lab: Any) -> None:
    name = lab.function("def handler(event, context):\n    raise ValueError('no')\n")
    count = "{% $states.context.State.RetryCount %}"
    retry = [
        {
            "ErrorEquals": ["ValueError"],
            "IntervalSeconds": 1,
            "BackoffRate": 50,
            "MaxAttempts": 2,
            "MaxDelaySeconds": 2,
            "JitterStrategy": "FULL",
        }
    ]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught", "Assign": {"retries": count}}]

    answer = lab.output(
        {
            "Call": task(name, Retry=retry, Catch=catch, End=True),
            "Caught": {"Type": "Succeed", "Output": "{% $retries %}"},
        }
    )

    assert answer == 2


def test_assign_reads_all_variables_before_it_sets_any(lab: Any) -> None:
    answer = lab.output(
        {
            "Set": {"Type": "Pass", "Assign": {"a": 1, "b": 2}, "Next": "Swap"},
            "Swap": {"Type": "Pass", "Assign": {"a": "{% $b %}", "b": "{% $a %}"}, "Next": "Tell"},
            "Tell": {"Type": "Pass", "Output": "{% [$a, $b] %}", "End": True},
        }
    )

    assert answer == [2, 1]


@pytest.mark.parametrize(("given", "expected"), [(1, [1, "rule"]), (5, [2, "default"])])
def test_choice_has_assign_and_output_by_rule_and_by_default(
    lab: Any, given: int, expected: list[Any]
) -> None:
    answer = lab.output(
        {
            "Choose": {
                "Type": "Choice",
                "Choices": [
                    {
                        "Condition": "{% $states.input.n = 1 %}",
                        "Assign": {"v": 1},
                        "Output": "rule",
                        "Next": "Tell",
                    }
                ],
                "Default": "Tell",
                "Assign": {"v": 2},
                "Output": "default",
            },
            "Tell": {"Type": "Succeed", "Output": "{% [$v, $states.input] %}"},
        },
        {"n": given},
    )

    assert answer == expected


def test_parameter_changes_are_announced_without_the_value(lab: Any, bus: Any) -> None:
    name = f"/{lab.name('parameter')}"
    url = bus({"source": ["aws.ssm"], "detail": {"name": [name]}})
    ssm = lab.client("ssm")

    ssm.put_parameter(Name=name, Value="sk-secret", Type="SecureString")
    ssm.put_parameter(Name=name, Value="sk-other", Type="SecureString", Overwrite=True)
    ssm.delete_parameter(Name=name)
    events = lab.messages(url, at_least=3)

    assert [event["detail-type"] for event in events] == ["Parameter Store Change"] * 3
    assert [event["detail"] for event in events] == [
        {"operation": operation, "name": name, "type": "SecureString"}
        for operation in ("Create", "Update", "Delete")
    ]


def test_event_of_a_versioned_bucket_names_the_version(lab: Any, bus: Any) -> None:
    s3, bucket = lab.client("s3"), lab.name("bucket")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    url = bus({"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}})

    put = s3.put_object(Bucket=bucket, Key="a", Body=b"1")["VersionId"]
    gone = s3.delete_object(Bucket=bucket, Key="a")["VersionId"]
    events = lab.messages(url, at_least=2)

    told = {each["detail-type"]: each["detail"]["object"]["version-id"] for each in events}
    assert told == {"Object Created": put, "Object Deleted": gone}


def test_rules_failing_lambda_is_tried_again(lab: Any) -> None:
    url, _ = lab.queue()
    name = lab.function(
        "import boto3, json\n"
        "def handler(event, context):\n"
        f"    boto3.client('sqs').send_message(QueueUrl={url!r}, MessageBody=json.dumps(event))\n"
        "    raise ValueError('not yet')\n"
    )
    events, rule, source = lab.client("events"), lab.name("rule"), lab.name("source")
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [source]}))
    arn = lab.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    events.put_targets(Rule=rule, Targets=[{"Id": "function", "Arn": arn}])

    events.put_events(Entries=[{"Source": source, "DetailType": "t", "Detail": '{"n": 1}'}])

    assert [event["detail"] for event in lab.messages(url, at_least=2)[:2]] == [{"n": 1}] * 2


def test_machine_tells_its_tracing_back(lab: Any) -> None:
    states = lab.client("stepfunctions")
    arn = lab.machine({"Done": {"Type": "Succeed"}})

    def told() -> Any:
        return states.describe_state_machine(stateMachineArn=arn)["tracingConfiguration"]

    before = told()
    states.update_state_machine(stateMachineArn=arn, tracingConfiguration={"enabled": True})
    on = told()
    states.update_state_machine(stateMachineArn=arn, tracingConfiguration={})
    off = told()

    assert (before, on, off) == ({"enabled": False}, {"enabled": True}, {"enabled": False})


def test_connection_tells_its_key_and_secret_but_never_its_credentials(lab: Any) -> None:
    events, name = lab.client("events"), lab.name("connection")
    created = events.create_connection(
        Name=name,
        AuthorizationType="API_KEY",
        KmsKeyIdentifier="alias/mine",
        AuthParameters={
            "ApiKeyAuthParameters": {"ApiKeyName": "Authorization", "ApiKeyValue": "sk-secret"},
            "InvocationHttpParameters": {
                "HeaderParameters": [{"Key": "X", "Value": "sk-other", "IsValueSecret": True}]
            },
        },
    )

    described = events.describe_connection(Name=name)

    assert described["ConnectionArn"] == created["ConnectionArn"]
    assert described["KmsKeyIdentifier"] == "alias/mine"
    assert f"events!connection/{name}/" in described["SecretArn"]
    assert f":connection/{name}/" in described["ConnectionArn"]
    assert described["AuthParameters"]["ApiKeyAuthParameters"]["ApiKeyName"] == "Authorization"
    assert "sk-" not in json.dumps(described["AuthParameters"])


def test_connection_updated_without_a_key_goes_back_to_one_that_aws_owns(lab: Any) -> None:
    events, name = lab.client("events"), lab.name("connection")
    secret = {"ApiKeyAuthParameters": {"ApiKeyName": "Authorization", "ApiKeyValue": "sk-secret"}}
    events.create_connection(
        Name=name, AuthorizationType="API_KEY", KmsKeyIdentifier="alias/mine", AuthParameters=secret
    )

    events.update_connection(Name=name, AuthorizationType="API_KEY", AuthParameters=secret)

    assert "KmsKeyIdentifier" not in events.describe_connection(Name=name)


def test_start_is_throttled_as_often_as_ordered_and_starts_nothing(lab: Any) -> None:
    machine = lab.machine({"Done": {"Type": "Succeed"}})
    lab.control("throttle", count=2)

    for _ in range(2):
        with pytest.raises(ClientError, match="ThrottlingException"):
            lab.start(machine, name="once")

    assert lab.control("throttle") == {"left": 0}
    assert lab.end(lab.start(machine, name="once"))["status"] == "SUCCEEDED"
