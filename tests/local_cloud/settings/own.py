"""What you bring is used, and what it stands for is not made."""

from __future__ import annotations

from tests.local_cloud.settings.lines import (
    ACCOUNT,
    DASHBOARD_FUNCTIONS,
    DASHBOARD_MODELS,
    LAYER_ANEW,
    OF_WHAT_IS_MADE,
    READS_CONTROL,
    READS_SETTINGS,
    READS_SPEND,
    READS_USAGE,
    ROUTER,
    Group,
    accepting,
    alarm,
    calling,
    config,
    environment,
    function,
    function_gone,
    gone,
    own_policy_gone,
    policy,
    policy_of_queue,
)

OWN = Group(
    {
        "kms_key.arn": (
            f"arn:aws:kms:{ACCOUNT}:key/1",
            [
                *gone("aws_kms_alias.this[0]", "aws_kms_key.this[0]"),
                "aws_cloudwatch_log_group.*: kms_key_id",
                "aws_sqs_queue.*: kms_master_key_id",
                "aws_sfn_state_machine.*: encryption_configuration.kms_key_id",
                "aws_s3_bucket_server_side_encryption_configuration.*: "
                "rule.apply_server_side_encryption_by_default.kms_master_key_id",
                *function("kms_key_arn"),
                *policy(
                    'function_runtime["*"]',
                    "ReadItsEnvironment.Resource",
                    "UseTheKeyThroughServices.Resource",
                ),
                *(
                    line
                    for name in ("workflow", "batch[0]", 'workflow_machine["*"]')
                    for line in policy(name, "EncryptExecutions.Resource", "EncryptItsLog.Resource")
                ),
                *policy("batch[0]", "UseTheKeyThroughServices.Resource"),
                *policy('workflow_machine["variants"]', "UseTheKeyThroughServices.Resource"),
            ],
        ),
        "tables.existing.usage.name": ("u", environment("USAGE_TABLE", *READS_USAGE)),
        "tables.existing.usage.arn": (
            f"arn:aws:dynamodb:{ACCOUNT}:table/u",
            [
                *gone("aws_dynamodb_table.usage[0]"),
                *accepting("AcceptOnce.Resource", "ReadTheCache.Resource"),
                *policy("converse[0]", "LookAtRequests.Resource"),
                *policy(
                    "api[0]", "ReadRequestsAndJudgeThem.Resource", "FindStepsOfWorkflows.Resource"
                ),
                *policy('workflow_function["*"]', "ReadStepsAndRecordTheRun.Resource"),
                *policy("record_outcome", "CloseTheRequest.Resource"),
                *policy("run_chunk[0]", "ReadOutcomes.Resource"),
                *policy("sweep", "FindAndCloseRows.Resource"),
                *calling("RecordTheEnd.Resource"),
                *policy("record_answer", "RecordTheEnd.Resource"),
                *policy("plan_next_step", "RecordTheEnd.Resource", "SeeWhatIsRecorded.Resource"),
                *policy("await_review[0]", "ListTheDraft.Resource"),
                *policy("websocket[0]", "LookAtRequests.Resource"),
                *policy("push_outcome[0]", "LookAtRequests.Resource"),
            ],
        ),
        "tables.existing.usage.stream_arn": (
            f"arn:aws:dynamodb:{ACCOUNT}:table/u/stream/1",
            [
                "aws_lambda_event_source_mapping.usage: anew",
                "aws_lambda_event_source_mapping.watch_models[0]: anew",
                *policy("price_rows", "ReadTheStream.Resource"),
                *policy("watch_models[0]", "ReadTheStream.Resource"),
            ],
        ),
        "tables.existing.spend.name": ("s", environment("SPEND_TABLE", *READS_SPEND)),
        "tables.existing.spend.arn": (
            f"arn:aws:dynamodb:{ACCOUNT}:table/s",
            [
                *gone("aws_dynamodb_table.spend[0]"),
                *policy("analyze", "TakeBackAFailure.Resource"),
                *policy("api[0]", "ReadSumsAndCountVerdicts.Resource"),
                *policy("sweep", "AddUp.Resource"),
            ],
        ),
        "tables.existing.control.name": (
            "c",
            [
                *environment("CONTROL_TABLE", *READS_CONTROL),
                *(f'aws_dynamodb_table_item.settings["{name}"]: anew' for name in READS_SETTINGS),
            ],
        ),
        "tables.existing.control.arn": (
            f"arn:aws:dynamodb:{ACCOUNT}:table/c",
            [
                *gone("aws_dynamodb_table.control[0]"),
                *accepting("ReadTheGuards.Resource", "ReserveAndTake.Resource"),
                *policy("api[0]", "SeeWhatIsLeft.Resource"),
                *policy("authorize[0]", "FindKeys.Resource"),
                *policy("price_rows", "ChargeBudgets.Resource"),
                *policy("sweep", "ChargeBudgets.Resource"),
                *policy("ingest[0]", "LookAtTenantsRates.Resource"),
                *(
                    line
                    for name in READS_SETTINGS
                    for line in policy(f'function_runtime["{name}"]', "ReadItsSettings.Resource")
                ),
                *policy("watch_models[0]", "KeepTheBreakers.Resource"),
                *policy("websocket[0]", "KeepConnectionsAndListeners.Resource"),
                *policy('push["*"]', "FindTheListener.Resource"),
            ],
        ),
        "logs.groups": (
            {"analyze": "/team/analyze", "workflow": "/team/workflow"},
            [
                *gone(
                    'aws_cloudwatch_log_group.function["analyze"]',
                    'aws_cloudwatch_log_group.state_machine["workflow"]',
                ),
                *function("logging_config.log_group", "analyze"),
                *policy('function_runtime["analyze"]', "WriteItsLog.Resource"),
                f"{ROUTER}: logging_configuration.log_destination",
            ],
        ),
        "openai.connection.arn": (
            f"arn:aws:events:{ACCOUNT}:connection/o/1",
            [
                *gone(
                    "aws_cloudwatch_event_connection.openai[0]",
                    "aws_cloudwatch_event_rule.api_key_changed[0]",
                    "aws_cloudwatch_event_target.sync_api_key[0]",
                    'aws_lambda_function_event_invoke_config.this["sync_api_key"]',
                    "aws_lambda_invocation.sync_api_key[0]",
                    "aws_lambda_permission.sync_api_key[0]",
                ),
                *function_gone("sync_api_key"),
                *own_policy_gone("sync_api_key"),
                "aws_cloudwatch_event_api_destination.openai: connection_arn",
                f"{ROUTER}: "
                "definition.States.InvokeOpenAI.Arguments.InvocationConfig.ConnectionArn",
                *policy("workflow", "UseTheConnection.Resource"),
                *policy_of_queue("RulesPutUndeliveredEventsHere.Condition.ArnEquals.aws:SourceArn"),
                DASHBOARD_FUNCTIONS,
            ],
        ),
        "openai.connection.secret_arn": (
            f"arn:aws:secretsmanager:{ACCOUNT}:secret:o",
            policy("workflow", "ReadItsSecret.Resource"),
        ),
        "notifications.topic_arn": (
            f"arn:aws:sns:{ACCOUNT}:team",
            [
                *gone("aws_sns_topic.failures[0]", "aws_sns_topic_policy.failures[0]"),
                *alarm("alarm_actions"),
                *alarm("ok_actions"),
                *environment("FAILURE_TOPIC_ARN", "converse", "record_outcome", "sweep"),
                *policy('notify_of_failures["*"]', "NotifyOfFailures.Resource"),
                *policy("workflow", "NotifyOfFailures.Resource"),
                *(
                    f"{ROUTER}: definition.States.{state}.Arguments.TopicArn"
                    for state in ("NotifyFailure", "NotifyReviewers")
                ),
            ],
        ),
        "notifications.kms_key_arn": (
            f"arn:aws:kms:{ACCOUNT}:key/2",
            policy('notify_of_failures["*"]', "UseTheTopicsKey.Resource"),
        ),
        "package.layer_zip": (None, []),  # the code comes from one place
        "package.bucket.name": ("code", [*function("s3_bucket"), *function("filename")]),
        "package.bucket.function_key": ("f.zip", function("s3_key")),
        "package.bucket.function_version": ("1", function("s3_object_version")),
        "package.bucket.layer_key": ("l.zip", LAYER_ANEW),
        "package.bucket.layer_version": ("2", OF_WHAT_IS_MADE),
        "package.code_signing_config_arn": (
            f"arn:aws:lambda:{ACCOUNT}:code-signing-config:csc-1",
            function("code_signing_config_arn"),
        ),
        "bedrock.profile_prefix": (
            "global",
            [
                *config(
                    "analyzer.model",
                    "tiers.SIMPLE.model",
                    "tiers.SIMPLE.fallbacks.model",
                    "tiers.CALCULATION.fallbacks.model",
                    "tiers.COMPLEX.model",
                    "tiers.COMPLEX.fallbacks.2.model",
                ),
                *accepting(
                    "AskTheClassifier.Resource",
                    "BeRoutedByItsProfile.Condition.ArnEquals.bedrock:InferenceProfileArn",
                ),
                *calling(
                    "BeRoutedByProfiles.Condition.ArnEquals.bedrock:InferenceProfileArn",
                    "CallThroughProfiles.Resource",
                ),
                DASHBOARD_MODELS,
            ],
        ),
    },
    together=[
        *function("last_modified ?"),
        # Two tables each; the key of the workflow's services and that of the topic.
        *policy("price_rows", "PriceAndAddUp.Resource"),
        *policy("workflow", "UseTheKeyThroughServices.Resource"),
    ],
)
