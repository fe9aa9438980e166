"""The words of the table: a setting, its value, the lines of a plan.

A setting is a path into the module's inputs, with a value that the deployment does not have and the
lines (`plan_lines.py`) that a plan then shows. Settings of one group are planned at once, so no two
of them may change the same thing, but for what the group says they change together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Lines = list[str]
Row = tuple[Any, Lines]

ACCOUNT = "us-east-1:000000000000"


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that are planned at once: path → (value, lines)."""

    settings: dict[str, Row]
    together: Lines = field(default_factory=list)


def function(what: str, *names: str) -> Lines:
    """The same change of these functions; of all without a name."""
    return [f'aws_lambda_function.this["{name}"]: {what}' for name in names or ("*",)]


def environment(variable: str, *names: str) -> Lines:
    return function(f"environment.{variable}", *names)


def config(*paths: str) -> Lines:
    """What `analyze` is told."""
    return [line for path in paths for line in environment(f"FAREGATE_CONFIG.{path}", "analyze")]


def policy(name: str, *statements: str) -> Lines:
    return [f"aws_iam_role_policy.{name}: policy.Statement.{each}" for each in statements]


def alarm(what: str, *names: str) -> Lines:
    return [f'aws_cloudwatch_metric_alarm.this["{name}"]: {what}' for name in names or ("*",)]


def gone(*addresses: str) -> Lines:
    return [f"{address}: gone" for address in addresses]


def made(*addresses: str) -> Lines:
    return [f"{address}: made" for address in addresses]


def function_gone(name: str) -> Lines:
    """A function, and what every function has."""
    return gone(
        f'aws_cloudwatch_log_group.function["{name}"]',
        f'aws_iam_role.function["{name}"]',
        f'aws_iam_role_policy.function_runtime["{name}"]',
        f'aws_lambda_function.this["{name}"]',
    )


def policy_of_queue(statement: str) -> Lines:
    return [f"aws_sqs_queue.failures: policy.Statement.{statement}"]


def own_policy_gone(name: str) -> Lines:
    return gone(f"aws_iam_role_policy.{name}[0]")


# Where what is made holds a value, terraform/tests looks at it.
OF_WHAT_IS_MADE: Lines = []

# The values that `examples/local` gives by its own variables, as it writes them.
BY_VARIABLES: dict[str, Any] = {
    "name": "${var.name}",
    "package": {"layer_zip": "${var.layer_zip}"},
    "functions": {"architecture": "${var.architecture}"},
    "bedrock": {"endpoint": "${var.bedrock_endpoint}"},
    "openai": {
        "endpoint": "${var.openai_endpoint}",
        "api_key_parameter": "${var.api_key_parameter}",
    },
    "anthropic": {
        "endpoint": "${var.anthropic_endpoint}",
        "api_key_parameter": "${var.anthropic_api_key_parameter}",
    },
}

DASHBOARD_MODELS = "aws_cloudwatch_dashboard.this[0]: dashboard_body.widgets.10.properties.metrics"
DASHBOARD_FUNCTIONS = (
    "aws_cloudwatch_dashboard.this[0]: dashboard_body.widgets.7.properties.metrics"
)
COMPOSITE = "aws_cloudwatch_composite_alarm.this[0]: alarm_rule"
RUN_CHUNKS = "aws_sfn_state_machine.batch[0]: definition.States.RunChunks"
DEPLOYED_AGAIN = [
    "aws_api_gateway_deployment.this[0]: anew",
    "aws_api_gateway_stage.this[0]: deployment_id ?",
]
LAYER_ANEW = [
    "aws_lambda_layer_version.provider_sdks: anew",
    *function("layers ?", "invoke_model"),
]
PRICED_BY = ("analyze", "price_rows", "sweep", "api")
LIMITED = ("api", "ingest", "split_batch")
READS_USAGE = (
    "analyze",
    "api",
    "await_review",
    "invoke_model",
    "plan_next_step",
    "price_rows",
    "record_answer",
    "record_outcome",
    "run_chunk",
    "sweep",
)
READS_SPEND = ("analyze", "api", "price_rows", "sweep")
READS_CONTROL = ("analyze", "authorize", "ingest", "price_rows", "sweep", "watch_models")


# COMPLEX has several, so that they are counted.
FIRST_FALLBACK = "COMPLEX.fallbacks.0"


def models(tier: str, place: str, **values: Any) -> dict[str, Row]:
    """A model's settings: `place` is where the configuration has them."""
    at = f"models.{tier}.{place}" if place else f"models.{tier}"
    found = f"tiers.{tier}.{place}" if place else f"tiers.{tier}"
    return {
        f"{at}.{name}": (value, config(f"{found.replace('.0', '')}.{name}"))
        for name, value in values.items()
    }
