"""The words of the table: a setting, its value, the lines of a plan.

A setting is a path into the module's inputs, with a value that the deployment does not have and the
lines (`plan_lines.py`) that a plan then shows. Settings of one group are planned at once, so no two
of them may change the same thing, but for what the group says they change together.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from local.cloud import ROOT
from tools.openapi import DOCUMENT

Lines = list[str]
Row = tuple[Any, Lines]

ACCOUNT = "us-east-1:000000000000"
# Functions with settings that grow, each in an item of its own.
ON_TOP = ("answer_question", "decide_agent", "ingest_document", "rank_variants")
READS_SETTINGS = (
    *("analyze", "api", "converse", "ingest", "price_rows", "push_outcome", "sweep"),
    *ON_TOP,
)


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


def setting(variable: str, *names: str) -> Lines:
    """The same change of what these functions read in their items."""
    return [f'aws_dynamodb_table_item.settings["{name}"]: {variable}' for name in names]


def config(*paths: str, of: tuple[str, ...] = ("analyze", "converse")) -> Lines:
    """What those functions are told that accept requests."""
    return [line for path in paths for line in setting(f"FAREGATE_CONFIG.{path}", *of)]


def budget(path: str) -> Lines:
    """What those are told that accept requests, and the HTTP API, which starts none in vain."""
    known = path.replace("budget.", "everyone.") if path.startswith("budget.") else path
    return [*config(path), *setting(f"BUDGETS.{known}", "api")]


def policy(name: str, *statements: str) -> Lines:
    return [f"aws_iam_role_policy.{name}: policy.Statement.{each}" for each in statements]


def calling(*statements: str) -> Lines:
    """What changes for the functions that call models."""
    return [*policy("invoke_model", *statements), *policy("converse[0]", *statements)]


def accepting(*statements: str) -> Lines:
    """What changes for the functions that accept requests."""
    return [*policy("analyze", *statements), *policy("converse[0]", *statements)]


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
        *([f'aws_dynamodb_table_item.settings["{name}"]'] if name in READS_SETTINGS else []),
    )


def document(*paths: str) -> Lines:
    """What changes in the document of the HTTP API, which is then deployed again."""
    return [f"aws_api_gateway_rest_api.this[0]: body.{path}" for path in paths]


def scheme(name: str, *authorizer: str) -> Lines:
    """A way to prove who calls: all of it, since it is new or gone."""
    parts = ["in", "name", "type"]
    if authorizer:
        extensions = ("authtype", *(f"authorizer.{each}" for each in authorizer))
        parts += [f"x-amazon-apigateway-{each}" for each in extensions]
    return document(*(f"components.securitySchemes.{name}.{part}" for part in parts))


def gateway_errors(header: str) -> Lines:
    """A header of each error of the gateway's own."""
    return document(
        *(
            "x-amazon-apigateway-gateway-responses."
            f"{kind}.responseParameters.gatewayresponse.header.{header}"
            for kind in GATEWAY_ERRORS
        )
    )


def preflights(what: str) -> Lines:
    """A part of the answer to a browser's question, on each path."""
    return document(
        *(
            f"paths.{path}.options.x-amazon-apigateway-integration.responses.default.{what}"
            for path in json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
        )
    )


def policy_of_queue(statement: str) -> Lines:
    return [f"aws_sqs_queue.failures: policy.Statement.{statement}"]


def own_policy_gone(name: str) -> Lines:
    return gone(f"aws_iam_role_policy.{name}[0]")


ROUTER = 'aws_sfn_state_machine.this["workflow"]'

WORKFLOWS = ("variants", "agent", "rag", "documents")


def _without(workflow: str, function: str) -> Lines:
    """A workflow on top, and its function."""
    return [
        *gone(
            f'aws_sfn_state_machine.this["{workflow}"]',
            f'aws_iam_role_policy.workflow_machine["{workflow}"]',
            f'aws_iam_role_policy.workflow_function["{workflow}"]',
            f'aws_cloudwatch_log_group.state_machine["{workflow}"]',
            f'aws_iam_role.state_machine["{workflow}"]',
        ),
        *function_gone(function),
        *(
            line
            for what in ("name", "memory_mb")
            for line in environment(f"WORKFLOWS.faregate-{workflow}.{what}", "record_outcome")
        ),
    ]


# Of all workflows together: whose runs are closed if they die.
RUNS_THAT_ARE_CLOSED = [
    "aws_cloudwatch_event_rule.execution_ended_badly: event_pattern.detail.stateMachineArn",
    *policy("record_outcome", "ReadTheExecution.Resource"),
    *policy("sweep", "ReadTheExecution.Resource"),
]
WITHOUT_VARIANTS = [
    *_without("variants", "rank_variants"),
    *own_policy_gone("rank_variants"),
]
# Documents need their reader, so that the corpus goes with both.
WITHOUT_RAG = [
    *_without("rag", "answer_question"),
    *own_policy_gone("answer_question"),
    *gone(
        "aws_s3_bucket.corpus[0]",
        "aws_s3_bucket_policy.corpus[0]",
        "aws_s3_bucket_public_access_block.corpus[0]",
        "aws_s3_bucket_server_side_encryption_configuration.corpus[0]",
        "aws_s3_bucket_versioning.corpus[0]",
    ),
]
WITHOUT_DOCUMENTS = [
    *_without("documents", "ingest_document"),
    *own_policy_gone("ingest_document"),
    *gone(
        "aws_cloudwatch_event_rule.document_changed[0]",
        "aws_cloudwatch_event_target.ingest_document[0]",
        'aws_lambda_function_event_invoke_config.this["ingest_document"]',
        "aws_lambda_permission.ingest_document[0]",
        "aws_s3_bucket_notification.corpus[0]",
    ),
    *policy_of_queue("RulesPutUndeliveredEventsHere.Condition.ArnEquals.aws:SourceArn"),
]

WITHOUT_WEBSOCKET = [
    *gone("aws_apigatewayv2_*", "aws_cloudwatch_log_group.websocket_*"),
    *gone("aws_lambda_permission.websocket*", 'aws_iam_role_policy.push["*"]'),
    *gone("aws_lambda_function_event_invoke_config.push_outcome[0]"),
    *(
        line
        for name in ("push_outcome", "websocket")
        for line in (*function_gone(name), *own_policy_gone(name))
    ),
]
# invoke_model itself stays.
WITHOUT_PUSHES = [
    *environment("CONTROL_TABLE", "invoke_model"),
    *environment("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", "invoke_model"),
    *policy("invoke_model", "CallThroughProfiles.Action", "BeRoutedByProfiles.Action"),
]

WITHOUT_AGENT = [*_without("agent", "decide_agent"), *own_policy_gone("decide_agent")]

# Where what is made holds a value, terraform/tests looks at it.
OF_WHAT_IS_MADE: Lines = []

# The values that `examples/local` gives by its own variables, as it writes them.
_TOOL = "arn:aws:lambda:us-east-1:${data.aws_caller_identity.this.account_id}:function:run-sql"
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
    "workflows": {
        "variants": {},
        "agent": {"tools": {"run_sql": _TOOL}},
        "rag": {"vectors": {"index_arn": "${var.vector_index_arn}", "dimensions": 256}},
        "documents": {"scanned_pages": {}},
    },
}

GATEWAY_ERRORS = (
    *("DEFAULT_4XX", "DEFAULT_5XX", "ACCESS_DENIED", "API_CONFIGURATION_ERROR"),
    *("AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE", "EXPIRED_TOKEN"),
    *("INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT", "INVALID_API_KEY", "INVALID_SIGNATURE"),
    *("MISSING_AUTHENTICATION_TOKEN", "QUOTA_EXCEEDED", "REQUEST_TOO_LARGE"),
    *("RESOURCE_NOT_FOUND", "THROTTLED", "UNAUTHORIZED"),
)
AUTHORIZER = ("type", "authorizerUri", "authorizerResultTtlInSeconds")
DASHBOARD_MODELS = "aws_cloudwatch_dashboard.this[0]: dashboard_body.widgets.9.properties.metrics"
DASHBOARD_FUNCTIONS = (
    "aws_cloudwatch_dashboard.this[0]: dashboard_body.widgets.6.properties.metrics"
)
COMPOSITE = "aws_cloudwatch_composite_alarm.this[0]: alarm_rule"
AGENT = 'aws_sfn_state_machine.this["agent"]: definition'
VARIANTS = 'aws_sfn_state_machine.this["variants"]: definition.States'
ASK_VARIANTS = f"{VARIANTS}.AskVariants"


def _leaves(path: str, value: Any) -> Lines:
    """The lines of a part of a definition that is made: one for each value in it."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return _leaves(path, value[0])
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return _leaves(path, dict(enumerate(value)))
    if isinstance(value, dict):
        return [line for name, part in value.items() for line in _leaves(f"{path}.{name}", part)]
    return [] if value is None else [path]


_ITEMS = json.loads((ROOT / "asl" / "variants.asl.json").read_text(encoding="utf-8"))["States"][
    "AskVariants"
]["ItemProcessor"]["States"]
SCORER_STATES = [
    *(
        f"{ASK_VARIANTS}.ItemProcessor.States.AskVariant.{name}"
        for name in ("End", "Next", "Output")
    ),
    *(
        line
        for name in ("ScoreVariant", "VariantUnscored")
        for line in _leaves(f"{ASK_VARIANTS}.ItemProcessor.States.{name}", _ITEMS[name])
    ),
]
_DOCUMENTS = json.loads((ROOT / "asl" / "documents.asl.json").read_text(encoding="utf-8"))
NOTICE_STATES = [
    f'aws_sfn_state_machine.this["documents"]: definition.States.{line}'
    for line in (
        *("FinishDocument.End", "FinishDocument.Next"),
        *(
            line
            for name in ("NotifyFinished", "NoticeFailed")
            for line in _leaves(name, _DOCUMENTS["States"][name])
        ),
    )
]
INGESTION_STATES = [
    f'aws_sfn_state_machine.this["documents"]: definition.States.{line}'
    for line in (
        "AnyPages.Default",
        *(
            line
            for name in ("IngestSource", "IsIngested", "WaitForIngestion")
            for line in _leaves(name, _DOCUMENTS["States"][name])
        ),
    )
]
RUN_CHUNKS = 'aws_sfn_state_machine.this["batch"]: definition.States.RunChunks'
DEPLOYED_AGAIN = [
    "aws_api_gateway_deployment.document[0]: anew",
    "aws_api_gateway_stage.this[0]: deployment_id ?",
]
LAYER_ANEW = [
    "aws_lambda_layer_version.provider_sdks: anew",
    *function("layers ?", "converse", "ingest_document", "invoke_model"),
]
PRICED_BY = ("analyze", "price_rows", "push_outcome", *ON_TOP, "sweep", "api", "converse")
LIMITED = ("api", "ingest", "rank_variants", "split_batch", "websocket")
TAKES_INPUT = ("analyze", "api", "converse", "invoke_model", "websocket")
CALLS_MODELS = ("converse", "invoke_model")
READS_USAGE = (
    "analyze",
    "api",
    "await_review",
    "converse",
    "invoke_model",
    "plan_next_step",
    "price_rows",
    "push_outcome",
    *ON_TOP,
    "record_answer",
    "record_outcome",
    "run_chunk",
    "sweep",
    "websocket",
)
READS_SPEND = ("analyze", "api", "converse", "price_rows", "sweep")
READS_CONTROL = (
    "analyze",
    "api",
    "authorize",
    "converse",
    "ingest",
    "invoke_model",
    "price_rows",
    "push_outcome",
    "sweep",
    "watch_models",
    "websocket",
)


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
