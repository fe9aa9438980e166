"""What a function prints in the embedded format is a metric, and an alarm watches one series."""

import json
from typing import Any

import requests

from tests.local_patches.conftest import ROLE
from tests.support.patience import HANGS_SECONDS

PRINTS = """
import json
def handler(event, context):
    print(json.dumps({
        "_aws": {"Timestamp": 1, "CloudWatchMetrics": [{
            "Namespace": event["namespace"], "Dimensions": [[], ["kind"]],
            "Metrics": [{"Name": "n", "Unit": "Count"}, {"Name": "many"}],
        }]},
        "kind": "a", "n": event["n"], "many": [1, 2],
    }))
    print("{not json, with \\"_aws\\" in it")
"""


def alarm(lab: Any, namespace: str, *, threshold: float, **dimensions: str) -> str:
    name = str(lab.name("alarm"))
    lab.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace=namespace,
        MetricName="n",
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=threshold,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    return name


def states(lab: Any, *names: str) -> list[str]:
    found = lab.client("cloudwatch").describe_alarms(AlarmNames=list(names))["MetricAlarms"]
    by_name = {each["AlarmName"]: each["StateValue"] for each in found}
    return [by_name[name] for name in names]


def printed(lab: Any, namespace: str, n: float) -> None:
    function = lab.function(PRINTS)
    lab.client("lambda").invoke(
        FunctionName=function, Payload=json.dumps({"namespace": namespace, "n": n})
    )


def metric_alarm(lab: Any, namespace: str, metric: str, **dimensions: str) -> str:
    name = str(lab.name("alarm"))
    lab.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        Statistic="Maximum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    return name


def test_a_message_that_waits_is_messages_of_its_queue_and_of_no_other(lab: Any) -> None:
    sqs = lab.client("sqs")
    full, empty = lab.name("queue"), lab.name("queue")
    url = sqs.create_queue(QueueName=full)["QueueUrl"]
    sqs.create_queue(QueueName=empty)
    visible = "ApproximateNumberOfMessagesVisible"
    alarms = [metric_alarm(lab, "AWS/SQS", visible, QueueName=name) for name in (full, empty)]
    aged = metric_alarm(lab, "AWS/SQS", "ApproximateAgeOfOldestMessage", QueueName=full)

    sqs.send_message(QueueUrl=url, MessageBody="waits")

    lab.wait_for(lambda: states(lab, alarms[0], aged) == ["ALARM", "ALARM"])
    assert states(lab, alarms[1]) != ["ALARM"]


def test_each_end_of_an_execution_counts_as_what_it_was(lab: Any) -> None:
    client = lab.client("stepfunctions")
    ends = {
        "ExecutionsFailed": {"Type": "Fail", "Error": "Broken"},
        "ExecutionsSucceeded": {"Type": "Succeed"},
    }
    alarms = {}
    for metric, state in ends.items():
        definition = {"StartAt": "End", "States": {"End": state}}
        arn = client.create_state_machine(
            name=lab.name("machine"), definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
        for each in ends:
            alarms[metric, each] = metric_alarm(lab, "AWS/States", each, StateMachineArn=arn)
        client.start_execution(stateMachineArn=arn)

    seen = [alarms[metric, metric] for metric in ends]
    lab.wait_for(lambda: states(lab, *seen) == ["ALARM", "ALARM"])
    others = [name for (ran, watched), name in alarms.items() if ran != watched]
    assert "ALARM" not in states(lab, *others)


def test_each_set_of_dimensions_is_a_series_of_its_own(lab: Any) -> None:
    namespace = lab.name("Space")

    printed(lab, namespace, 3)

    found = lab.client("cloudwatch").list_metrics(Namespace=namespace)["Metrics"]
    series = {(each["MetricName"], *(d["Value"] for d in each["Dimensions"])) for each in found}
    assert series == {("n",), ("n", "a"), ("many",), ("many", "a")}


def test_an_alarm_watches_the_series_it_names_and_is_ok_without_data(lab: Any) -> None:
    namespace = lab.name("Space")
    watching = alarm(lab, namespace, threshold=2, kind="a")
    added_up_twice = alarm(lab, namespace, threshold=3)
    another = alarm(lab, namespace, threshold=2, kind="b")
    assert states(lab, watching, another) == ["OK", "OK"]

    printed(lab, namespace, 3)

    assert states(lab, watching, added_up_twice, another) == ["ALARM", "OK", "OK"]


def test_an_alarm_is_described_whole_in_the_query_protocol(lab: Any) -> None:
    name = alarm(lab, "Space & time", threshold=2, kind="a")
    query = {"Action": "DescribeAlarms", "Version": "2010-08-01", "AlarmNames.member.1": name}
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/monitoring/x"}

    answer = requests.post(
        lab.cloud.emulator_url, data=query, headers=signed, timeout=HANGS_SECONDS
    ).text

    for part in (
        "<Namespace>Space &amp; time</Namespace>",
        "<Dimensions><member><Name>kind</Name><Value>a</Value></member></Dimensions>",
        "<Statistic>Sum</Statistic>",
        "<Period>60</Period>",
        "<ActionsEnabled>true</ActionsEnabled>",
        "<TreatMissingData>notBreaching</TreatMissingData>",
    ):
        assert part in answer


LEVELLED = """
import json, os
def handler(event, context):
    print(json.dumps({"n": 1, "_aws": {"Timestamp": 1, "CloudWatchMetrics": [
        {"Namespace": event["namespace"], "Dimensions": [[]], "Metrics": [{"Name": "n"}]}]}}))
    for level in ("debug", "INFO", "WARNING", "ERROR", "strange"):
        print(json.dumps({"level": level, "message": level}))
    print("plain text")
    return os.environ.get("AWS_LAMBDA_LOG_LEVEL")
"""


def logged(lab: Any, namespace: str, **logging: str) -> tuple[Any, list[str], bool]:
    """Call a function with these settings; answer its level, its lines, and if it had metrics."""
    name = lab.function(LEVELLED, LoggingConfig=logging)
    payload = json.dumps({"namespace": namespace})
    answer = lab.client("lambda").invoke(FunctionName=name, Payload=payload)
    events = lab.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    lines = [event["message"] for event in events]
    messages = [json.loads(line)["message"] for line in lines if '"message"' in line]
    messages += [line for line in lines if line == "plain text"]
    metrics = lab.client("cloudwatch").list_metrics(Namespace=namespace)["Metrics"]
    return json.loads(answer["Payload"].read()), messages, bool(metrics)


def test_lines_below_a_functions_level_are_dropped_with_their_metrics(lab: Any) -> None:
    warn = logged(lab, lab.name("Space"), LogFormat="JSON", ApplicationLogLevel="WARN")
    info = logged(lab, lab.name("Space"), LogFormat="JSON", ApplicationLogLevel="INFO")

    assert warn == ("WARN", ["WARNING", "ERROR", "plain text"], False)
    assert info == ("INFO", ["INFO", "WARNING", "ERROR", "strange", "plain text"], True)


def test_a_function_that_logs_text_has_no_level(lab: Any) -> None:
    level, lines, has_metrics = logged(lab, lab.name("Space"), LogFormat="Text")

    assert (level, len(lines), has_metrics) == (None, 6, True)
