# What the module makes by default, and what each switch changes.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "defaults_need_no_variable" {
  command = plan

  assert {
    condition = toset(keys(aws_lambda_function.this)) == toset([
      "analyze", "invoke_model", "record_answer", "plan_next_step", "record_outcome", "price_rows", "sweep", "sync_api_key", "watch_models",
    ])
    error_message = "Nine functions make the router."
  }

  assert {
    condition = alltrue([
      for function in aws_lambda_function.this :
      function.architectures == tolist(["arm64"]) && function.runtime == "python3.13" && function.logging_config[0].log_format == "JSON"
    ])
    error_message = "Functions run on arm64, and log JSON."
  }

  assert {
    condition     = alltrue([for name, function in aws_lambda_function.this : (length(coalesce(function.layers, [])) > 0) == (name == "invoke_model")])
    error_message = "The provider SDKs are a layer of invoke_model alone: every other cold start would pay for them."
  }

  assert {
    condition     = aws_sfn_state_machine.this["workflow"].type == "STANDARD" && aws_sfn_state_machine.this["workflow"].tracing_configuration[0].enabled
    error_message = "The workflow runs exactly once and is traced."
  }

  assert {
    condition     = alltrue([for group in concat(values(aws_cloudwatch_log_group.function), values(aws_cloudwatch_log_group.state_machine)) : group.retention_in_days == 365])
    error_message = "Logs are kept for a year."
  }

  # Default models are called through the profiles of the region.
  assert {
    condition = {
      for name, calls in local.calls : name => [for call in calls : "${call.provider}/${call.model}"]
      } == {
      SIMPLE      = ["bedrock/eu.anthropic.claude-haiku-5-5", "bedrock/eu.anthropic.claude-sonnet-5-5"]
      CALCULATION = ["openai/gpt-6-luna", "bedrock/eu.anthropic.claude-sonnet-5-5"]
      COMPLEX     = ["bedrock/eu.anthropic.claude-sonnet-5-5", "bedrock/eu.anthropic.claude-sonnet-5"]
    }
    error_message = "These defaults are documented."
  }

  assert {
    condition     = jsondecode(local.settings["analyze"].FAREGATE_CONFIG).tiers.SIMPLE.model == "eu.anthropic.claude-haiku-5-5"
    error_message = "analyze must be told the id that is called."
  }

  # Without review nothing waits for a human.
  assert {
    condition = (
      length(setintersection(keys(jsondecode(aws_sfn_state_machine.this["workflow"].definition).States), ["NotifyReviewers", "AwaitReview"])) == 0
      && !strcontains(aws_sfn_state_machine.this["workflow"].definition, "NotifyReviewers")
      && length(jsondecode(aws_sfn_state_machine.this["workflow"].definition).States.NextStep.Choices) == 4
      && !contains(keys(aws_lambda_function.this), "await_review")
    )
    error_message = "EXPRESS takes no task token, and no choice may lead to a state that is not there."
  }

  # A model call ends before its function and its state.
  assert {
    condition = (
      tonumber(aws_lambda_function.this["invoke_model"].environment[0].variables["MODEL_TIMEOUT_SECONDS"]) < aws_lambda_function.this["invoke_model"].timeout
      && alltrue([
        for state in ["InvokeHaiku", "InvokeSonnet", "InvokeModel"] :
        aws_lambda_function.this["invoke_model"].timeout < jsondecode(aws_sfn_state_machine.this["workflow"].definition).States[state].TimeoutSeconds
      ])
      && aws_lambda_function.this["analyze"].timeout < jsondecode(aws_sfn_state_machine.this["workflow"].definition).States.AnalyzeComplexity.TimeoutSeconds
    )
    error_message = "Whoever is inside must give up first, or a paid answer is thrown away."
  }

  # Bad rows leave the stream and good rows stay.
  assert {
    condition = (
      aws_lambda_event_source_mapping.usage.bisect_batch_on_function_error
      && aws_lambda_event_source_mapping.usage.function_response_types == toset(["ReportBatchItemFailures"])
      && aws_lambda_event_source_mapping.usage.maximum_retry_attempts == 10
      && aws_lambda_event_source_mapping.usage.maximum_record_age_in_seconds < 86400
      && aws_lambda_event_source_mapping.usage.destination_config[0].on_failure[0].destination_arn == aws_sqs_queue.failures.arn
    )
    error_message = "Retries are finite, batches are split, and what is given up is put aside."
  }

  assert {
    condition     = jsondecode(one(one(aws_lambda_event_source_mapping.usage.filter_criteria).filter).pattern) == { dynamodb = { NewImage = { cost_status = { S = ["PENDING"] } } } }
    error_message = "Only rows without a cost wake price_rows; its own writes must not."
  }

  assert {
    condition     = aws_dynamodb_table.usage[0].stream_view_type == "NEW_IMAGE"
    error_message = "price_rows reads the new image."
  }

  # Executions that die are closed by event and by sweep.
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.execution_ended_badly.event_pattern).detail.status == ["FAILED", "TIMED_OUT", "ABORTED"]
    error_message = "Each end that the workflow cannot catch must reach record_outcome."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.execution_ended_badly.event_pattern).detail.stateMachineArn == ["arn:aws:states:eu-central-1:123456789012:stateMachine:faregate"]
    error_message = "Other machines of the account are not this deployment's business."
  }

  assert {
    condition     = aws_cloudwatch_event_rule.sweep.schedule_expression == "rate(5 minutes)"
    error_message = "Events are best effort, so the sweep runs as well."
  }

  # What event-driven functions cannot do is put aside.
  assert {
    condition     = toset(keys(aws_lambda_function_event_invoke_config.this)) == toset(["record_outcome", "sweep", "sync_api_key"])
    error_message = "Nobody waits for these three: their failures must land in the queue."
  }
}

run "the_workflow_calls_what_the_module_made" {
  command = plan

  override_resource {
    target          = aws_lambda_function.this["analyze"]
    override_during = plan
    values          = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:the-analyze" }
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this["workflow"].definition).States.AnalyzeComplexity.Arguments.FunctionName == "arn:aws:lambda:eu-central-1:123456789012:function:the-analyze"
    error_message = "The first state must call this deployment's analyze."
  }

  assert {
    condition = jsondecode(aws_sfn_state_machine.this["workflow"].definition).States.InvokeOpenAI.Arguments.ApiEndpoint == aws_cloudwatch_event_api_destination.openai.invocation_endpoint && (
      jsondecode(aws_sfn_state_machine.this["workflow"].definition).States.InvokeOpenAI.Arguments.InvocationConfig.ConnectionArn == aws_cloudwatch_event_connection.openai[0].arn
    )
    error_message = "The HTTP Task uses the API destination's endpoint and its connection."
  }

  assert {
    condition     = !strcontains(aws_sfn_state_machine.this["workflow"].definition, "$${")
    error_message = "A hole of the definition was left open."
  }
}

run "invoke_model_may_call_the_configured_models_and_no_other" {
  command = plan

  variables {
    bedrock = { profile_prefix = "eu" }
    models = {
      SIMPLE      = { model = "anthropic.claude-haiku-5-5" }
      CALCULATION = { model = "global.openai.gpt-6-luna" }
      COMPLEX = {
        model     = "arn:aws:bedrock:eu-central-1:123456789012:provisioned-model/abc123"
        fallbacks = [{ provider = "openai", model = "gpt-6-sol" }]
      }
    }
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.invoke_model.statement : statement.sid => toset(statement.resources)
      } == {
      CallThroughProfiles = toset([
        "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-haiku-5-5",
        "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/global.openai.gpt-6-luna",
      ])
      BeRoutedByProfiles = toset([
        "arn:aws:bedrock:*::foundation-model/anthropic.claude-haiku-5-5",
        "arn:aws:bedrock:*::foundation-model/openai.gpt-6-luna",
      ])
      CallModels                 = toset(["arn:aws:bedrock:eu-central-1:123456789012:provisioned-model/abc123"])
      ReadTheKeys                = toset(["arn:aws:ssm:eu-central-1:123456789012:parameter/faregate/openai-api-key"])
      RecordTheEnd               = toset([local.tables.usage.arn])
      StoreLargeAnswersAndDrafts = toset(["arn:aws:s3:::made-answers-1/answers/*", "arn:aws:s3:::made-answers-1/drafts/*"])
      ReadDraftsToRepairThem     = toset(["arn:aws:s3:::made-answers-1/drafts/*"])
      ReadWhatACallSends         = toset(["arn:aws:s3:::made-answers-1/requests/*", "arn:aws:s3:::made-answers-1/uploads/*"])
    }
    error_message = "The role must name these models, and reach the models behind a profile through that profile alone."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.invoke_model.statement : one(statement.condition).variable if statement.sid == "BeRoutedByProfiles"
    ]) == "bedrock:InferenceProfileArn"
    error_message = "The region is open only to what comes through a profile."
  }
}

run "without_a_prefix_models_are_called_in_this_region" {
  command = plan

  variables {
    bedrock = { profile_prefix = "" }
    models = {
      SIMPLE      = { model = "anthropic.claude-haiku-5-5" }
      CALCULATION = { model = "anthropic.claude-haiku-5-5" }
      COMPLEX     = { model = "anthropic.claude-haiku-5-5" }
    }
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.invoke_model.statement : statement.sid => tolist(statement.resources) if contains(statement.actions, "bedrock:InvokeModel")
    } == { CallModels = tolist(["arn:aws:bedrock:eu-central-1::foundation-model/anthropic.claude-haiku-5-5"]) }
    error_message = "A model of this region needs one ARN."
  }
}

run "a_key_of_your_own_replaces_the_modules" {
  command = plan

  variables {
    kms_key = { arn = "arn:aws:kms:eu-central-1:123456789012:key/mine" }
  }

  assert {
    condition     = length(aws_kms_key.this) == 0 && length(aws_kms_alias.this) == 0
    error_message = "No second key is paid for."
  }

  assert {
    condition     = aws_dynamodb_table.usage[0].server_side_encryption[0].kms_key_arn == "arn:aws:kms:eu-central-1:123456789012:key/mine"
    error_message = "The key given is the key used."
  }
}

run "a_connection_of_your_own_is_left_alone" {
  command = plan

  variables {
    openai = {
      connection = {
        arn        = "arn:aws:events:eu-central-1:123456789012:connection/mine/2"
        secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:events!connection/mine/2-fedcba"
      }
    }
  }

  assert {
    condition = (
      length(aws_cloudwatch_event_connection.openai) == 0
      && !contains(keys(aws_lambda_function.this), "sync_api_key")
      && length(aws_lambda_invocation.sync_api_key) == 0
      && length(aws_cloudwatch_event_rule.api_key_changed) == 0
    )
    error_message = "The module must not write a key into a connection that is not its own."
  }

  assert {
    condition     = aws_cloudwatch_event_api_destination.openai.connection_arn == "arn:aws:events:eu-central-1:123456789012:connection/mine/2"
    error_message = "The API destination uses the connection given."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.workflow.statement : tolist(statement.resources) if statement.sid == "ReadItsSecret"
    ]) == tolist(["arn:aws:secretsmanager:eu-central-1:123456789012:secret:events!connection/mine/2-fedcba"])
    error_message = "The workflow may read that connection's secret."
  }
}

run "a_topic_of_your_own_is_told_of_failures" {
  command = plan

  variables {
    notifications = {
      topic_arn   = "arn:aws:sns:eu-central-1:123456789012:mine"
      kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/topics"
    }
  }

  assert {
    condition     = length(aws_sns_topic.failures) == 0
    error_message = "No second topic is made."
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this["workflow"].definition).States.NotifyFailure.Arguments.TopicArn == "arn:aws:sns:eu-central-1:123456789012:mine"
    error_message = "The workflow publishes to the topic given."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.workflow.statement : contains(statement.resources, "arn:aws:kms:eu-central-1:123456789012:key/topics") if statement.sid == "UseTheKeyThroughServices"
    ])
    error_message = "Publishing to an encrypted topic needs its key."
  }
}

run "express_ends_within_five_minutes" {
  command = plan

  variables {
    workflow = { type = "EXPRESS", log_level = "ALL" }
  }

  assert {
    condition     = aws_sfn_state_machine.this["workflow"].type == "EXPRESS" && jsondecode(aws_sfn_state_machine.this["workflow"].definition).TimeoutSeconds == 300
    error_message = "AWS ends an EXPRESS execution at 300 s, so the definition says so."
  }

  assert {
    condition     = aws_lambda_function.this["sweep"].environment[0].variables["WORKFLOW_SECONDS"] == "300"
    error_message = "The sweep must know when an execution cannot be running any more."
  }
}

run "a_time_limit_of_your_own_reaches_definition_and_sweep" {
  command = plan

  variables {
    workflow = { timeout_seconds = 600 }
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.this["workflow"].definition).TimeoutSeconds == 600
      && aws_lambda_function.this["sweep"].environment[0].variables["WORKFLOW_SECONDS"] == "600"
    )
    error_message = "One limit, in both places."
  }
}

run "a_draft_may_lie_for_so_long_without_a_look" {
  command = plan

  variables {
    review = { heartbeat_seconds = 600 }
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.this["workflow"].definition).States.AwaitReview.HeartbeatSeconds == 600
      && !contains(keys(jsondecode(local.settings["analyze"].FAREGATE_CONFIG).review), "heartbeat_seconds")
    )
    error_message = "The state that waits has it, and no function needs it."
  }
}

run "a_time_without_a_look_that_is_no_shorter_than_all_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    review = { timeout_seconds = 600, heartbeat_seconds = 600 }
  }
  expect_failures = [var.review]
}

run "a_review_has_its_time_beside_the_runs_own" {
  command = plan

  variables {
    review = { timeout_seconds = 7200, default = "approve" }
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.this["workflow"].definition).States.AwaitReview.TimeoutSeconds == 7200
      && jsondecode(aws_sfn_state_machine.this["workflow"].definition).TimeoutSeconds == 900 + 7200
    )
    error_message = "A run that waits must not be ended by its own time limit."
  }

  assert {
    condition     = !contains(keys(jsondecode(aws_sfn_state_machine.this["workflow"].definition).States.AwaitReview), "HeartbeatSeconds")
    error_message = "Unless it is asked for, only the whole time counts."
  }

  assert {
    condition = (
      jsondecode(local.settings["analyze"].FAREGATE_CONFIG).review.default == "approve"
      && aws_lambda_function.this["sweep"].environment[0].variables["WORKFLOW_SECONDS"] == "900"
      && jsondecode(aws_sfn_state_machine.this["workflow"].definition).States.AwaitReview.Arguments.FunctionName == aws_lambda_function.this["await_review"].arn
    )
    error_message = "The plan says what is decided by default; the sweep still looks after the usual time."
  }
}

run "rotation_is_one_put_parameter" {
  command = plan

  variables {
    openai = { api_key_parameter = "/team/openai" }
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.api_key_changed[0].event_pattern).detail == { name = ["/team/openai"], operation = ["Create", "Update"] }
    error_message = "Writing the parameter must start sync_api_key."
  }

  assert {
    condition     = toset(keys(aws_lambda_invocation.sync_api_key[0].triggers)) == toset(["connection", "description", "kms_key", "parameter"])
    error_message = "Whatever makes Terraform write the connection puts the placeholder back, and must start sync_api_key."
  }
}

run "settings_reach_the_functions_that_need_them" {
  command = plan

  variables {
    bedrock   = { endpoint = "http://127.0.0.1:8080" }
    openai    = { endpoint = "https://eu.api.openai.com/v1" }
    anthropic = { endpoint = "http://localhost:8081", api_key_parameter = "/team/anthropic" }
    prices    = [{ provider = "openai", model = "gpt-next", input = "1" }]
    privacy   = { store_text = false, text_ttl_days = 7 }
    limits    = { input_bytes = 4096 }
    functions = { memory_mb = { invoke_model = 1024 }, reserved_concurrency = { analyze = 50 }, log_level = "WARNING" }
  }

  assert {
    condition = (
      aws_lambda_function.this["invoke_model"].environment[0].variables["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] == "http://127.0.0.1:8080"
      && aws_lambda_function.this["invoke_model"].environment[0].variables["OPENAI_BASE_URL"] == "https://eu.api.openai.com/v1"
      && aws_lambda_function.this["invoke_model"].environment[0].variables["ANTHROPIC_BASE_URL"] == "http://localhost:8081"
      && aws_lambda_function.this["invoke_model"].environment[0].variables["ANTHROPIC_API_KEY_PARAMETER"] == "/team/anthropic"
    )
    error_message = "Endpoints and key names reach invoke_model."
  }

  assert {
    condition = alltrue([
      for name in ["analyze", "price_rows", "sweep"] :
      aws_lambda_function.this[name].environment[0].variables["OPENAI_BASE_URL"] == "https://eu.api.openai.com/v1"
    ])
    error_message = "An endpoint with data residency has a surcharge, so functions that price calls must know it."
  }

  assert {
    condition     = jsondecode(local.settings["price_rows"].PRICE_OVERRIDES)[0].model == "gpt-next"
    error_message = "Your prices reach price_rows."
  }

  assert {
    condition = (
      jsondecode(local.settings["analyze"].FAREGATE_CONFIG).store_text == false
      && jsondecode(local.settings["analyze"].FAREGATE_CONFIG).text_ttl_days == 7
      && jsondecode(local.settings["analyze"].FAREGATE_CONFIG).limits.input_bytes == 4096
    )
    error_message = "Privacy and limits reach analyze."
  }

  assert {
    condition = (
      aws_lambda_function.this["invoke_model"].memory_size == 1024
      && aws_lambda_function.this["analyze"].memory_size == 512
      && aws_lambda_function.this["analyze"].reserved_concurrent_executions == 50
      && aws_lambda_function.this["sweep"].reserved_concurrent_executions == -1
      && aws_lambda_function.this["sweep"].environment[0].variables["LOG_LEVEL"] == "WARNING"
    )
    error_message = "Sizes go to the functions named, and the others keep theirs."
  }
}

run "names_and_tags_are_uniform" {
  command = plan

  variables {
    name = "team-a"
    tags = { cost-centre = "42" }
  }

  assert {
    condition = alltrue([
      for name in concat(
        [for function in aws_lambda_function.this : function.function_name],
        [aws_dynamodb_table.usage[0].name, aws_dynamodb_table.spend[0].name, aws_dynamodb_table.control[0].name, aws_sqs_queue.failures.name],
      ) : startswith(name, "team-a-")
    ])
    error_message = "Everything carries the deployment's name."
  }

  assert {
    condition     = aws_dynamodb_table.usage[0].tags == tomap({ application = "faregate", deployment = "team-a", cost-centre = "42" })
    error_message = "Tags of your own stand beside the module's."
  }
}

run "roles_keep_within_the_boundary" {
  command = plan

  variables {
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
  }

  assert {
    condition = alltrue([
      for role in concat(values(aws_iam_role.function), values(aws_iam_role.state_machine)) :
      role.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary"
    ])
    error_message = "An organisation that demands a boundary refuses any role without it."
  }
}

run "a_fallback_may_be_meant_for_some_causes" {
  command = plan

  variables {
    models = {
      COMPLEX = {
        model = "anthropic.claude-sonnet-5-5"
        fallbacks = [
          { provider = "anthropic", model = "claude-sonnet-5-5", when = ["throttled"] },
          { provider = "openai", model = "gpt-6-sol", when = ["too_long"], context_tokens = 2000000 },
        ]
      }
    }
  }

  assert {
    condition = [for fallback in jsondecode(local.settings["analyze"].FAREGATE_CONFIG).tiers.COMPLEX.fallbacks : fallback] == [
      { provider = "anthropic", model = "claude-sonnet-5-5", max_tokens = 8192, when = ["throttled"] },
      { provider = "openai", model = "gpt-6-sol", max_tokens = 8192, when = ["too_long"], context_tokens = 2000000 },
    ]
    error_message = "analyze must be told the causes and the window."
  }

  assert {
    condition     = jsondecode(local.settings["analyze"].FAREGATE_CONFIG).providers == ["bedrock", "openai"]
    error_message = "A provider without a key must be known as such: its fallbacks are passed over."
  }
}

run "a_model_may_be_served_in_a_tier_of_its_provider" {
  command = plan

  variables {
    models = {
      SIMPLE = {
        model   = "anthropic.claude-haiku-5-5"
        latency = "optimized"
        fallbacks = [
          { model = "anthropic.claude-sonnet-5-5", service_tier = "flex" },
          { provider = "openai", model = "gpt-6-sol", service_tier = "priority" },
        ]
      }
    }
  }

  assert {
    condition = jsondecode(local.settings["analyze"].FAREGATE_CONFIG).tiers.SIMPLE == {
      provider = "bedrock", model = "eu.anthropic.claude-haiku-5-5", max_tokens = 2048, latency = "optimized",
      fallbacks = [
        { provider = "bedrock", model = "eu.anthropic.claude-sonnet-5-5", max_tokens = 4096, service_tier = "flex" },
        { provider = "openai", model = "gpt-6-sol", max_tokens = 4096, service_tier = "priority" },
      ]
    }
    error_message = "analyze must be told each model's tier and latency, and of none where none is set."
  }
}

run "large_answers_are_encrypted_private_and_expire_with_the_text" {
  command = plan

  variables {
    privacy = { text_ttl_days = 7 }
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.answers.rule[0].expiration[0].days == 7 && one(one(aws_s3_bucket_server_side_encryption_configuration.answers.rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"
    error_message = "Large answers are text: they are encrypted, and go when text goes."
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.answers.block_public_acls && aws_s3_bucket_public_access_block.answers.block_public_policy && aws_s3_bucket_public_access_block.answers.ignore_public_acls && aws_s3_bucket_public_access_block.answers.restrict_public_buckets
    error_message = "The bucket must not be public."
  }
}

run "a_function_that_is_not_made_may_be_sized" {
  command = plan

  variables {
    functions = { memory_mb = { ingest = 512, authorize = 512, run_chunk = 512 } }
  }

  assert {
    condition     = length(setintersection(keys(aws_lambda_function.this), ["ingest", "authorize", "run_chunk"])) == 0
    error_message = "The settings of an entry point that is off for now are no error."
  }
}

run "what_only_other_functions_can_be_is_refused" {
  command = plan

  variables {
    functions = { snap_start = ["sweep"] }
  }

  expect_failures = [var.functions]
}

run "no_log_level_silences_the_metrics" {
  command = plan

  variables {
    functions = { log_level = "ERROR" }
  }

  assert {
    condition = alltrue([
      for function in aws_lambda_function.this : function.logging_config[0].log_format == "Text" && function.environment[0].variables["LOG_LEVEL"] == "ERROR"
    ])
    error_message = "A metric's line has no level, so Lambda takes it for INFO: a filter above INFO would drop it, and alarms would see no data."
  }
}

run "debug_reaches_the_log" {
  command = plan

  variables {
    functions = { log_level = "DEBUG" }
  }

  assert {
    condition = alltrue([
      for function in aws_lambda_function.this : function.logging_config[0].log_format == "JSON" && function.logging_config[0].application_log_level == "DEBUG"
    ])
    error_message = "Lambda must not filter what was asked for; DEBUG lets metrics pass."
  }
}
