# What must hold whatever the variables say.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "by_default_all_is_encrypted_confined_and_hard_to_lose" {
  command = plan

  # Everything stored is encrypted under the one key.
  assert {
    condition = alltrue([
      for table in [aws_dynamodb_table.usage[0], aws_dynamodb_table.spend[0], aws_dynamodb_table.control[0]] :
      table.server_side_encryption[0].enabled && table.server_side_encryption[0].kms_key_arn == aws_kms_key.this[0].arn
    ])
    error_message = "Tables hold prompts and spend: AWS's own key would leave no way to withdraw access."
  }

  assert {
    condition = alltrue([
      for group in concat(values(aws_cloudwatch_log_group.function), values(aws_cloudwatch_log_group.state_machine)) :
      group.kms_key_id == aws_kms_key.this[0].arn
    ])
    error_message = "A log group without the key could be read with log permissions alone."
  }

  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.kms_key_arn == aws_kms_key.this[0].arn])
    error_message = "The functions' settings belong under the same key."
  }

  assert {
    condition = (
      aws_sqs_queue.failures.kms_master_key_id == aws_kms_key.this[0].arn
      && aws_sns_topic.failures[0].kms_master_key_id == aws_kms_key.this[0].arn
      && aws_cloudwatch_event_connection.openai[0].kms_key_identifier == aws_kms_key.this[0].arn
    )
    error_message = "Queue, topic and connection belong under the same key."
  }

  assert {
    condition = (
      aws_sfn_state_machine.this["workflow"].encryption_configuration[0].type == "CUSTOMER_MANAGED_KMS_KEY"
      && aws_sfn_state_machine.this["workflow"].encryption_configuration[0].kms_key_id == aws_kms_key.this[0].arn
    )
    error_message = "The history keeps prompts for 90 days: it must be under the key."
  }

  # The key rotates and opens to named services only.
  assert {
    condition     = aws_kms_key.this[0].enable_key_rotation && aws_kms_key.this[0].deletion_window_in_days == 30
    error_message = "The key must rotate, and its deletion must leave a month to notice."
  }

  assert {
    condition     = aws_kms_key.this[0].tags["EventBridgeApiDestinations"] == "true"
    error_message = "Without this tag EventBridge refuses the key for a connection."
  }

  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.kms_key[0].statement :
      length(statement.condition) > 0 || tolist(tolist(statement.principals)[0].identifiers) == tolist(["arn:aws:iam::123456789012:root"])
    ])
    error_message = "A service that may use the key must be held to this account and these resources."
  }

  assert {
    condition = toset(flatten([
      for statement in data.aws_iam_policy_document.kms_key[0].statement : [
        for principal in statement.principals : tolist(principal.identifiers) if principal.type == "Service"
      ]
      ])) == toset([
      "logs.eu-central-1.amazonaws.com", "delivery.logs.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com",
    ])
    error_message = "The key policy names the services that need it and no other."
  }

  # Wildcard resources are those that AWS demands.
  # By policy and statement; each stands with its reason where it is written.
  assert {
    condition = toset(flatten([
      for policy, document in {
        accept         = data.aws_iam_policy_document.accept
        analyze        = data.aws_iam_policy_document.analyze
        invoke_model   = data.aws_iam_policy_document.invoke_model
        plan_next_step = data.aws_iam_policy_document.plan_next_step
        record_answer  = data.aws_iam_policy_document.record_answer
        price_rows     = data.aws_iam_policy_document.price_rows
        record_outcome = data.aws_iam_policy_document.record_outcome
        runtime        = data.aws_iam_policy_document.function_runtime["analyze"]
        sweep          = data.aws_iam_policy_document.sweep
        sync_api_key   = data.aws_iam_policy_document.sync_api_key[0]
        watch_models   = data.aws_iam_policy_document.watch_models[0]
        workflow       = data.aws_iam_policy_document.workflow
        state_machine  = data.aws_iam_policy_document.state_machine_runtime
      } :
      [for statement in document.statement : "${policy}.${statement.sid}" if contains(statement.resources, "*")]
      ])) == toset([
      "price_rows.ListStreams",
      "runtime.SendTraces",
      "state_machine.DeliverItsLog",
      "state_machine.SendTraces",
      "watch_models.ListStreams",
    ])
    error_message = "A statement over all resources was added: name the resource, or add it here with AWS's reason."
  }

  assert {
    condition = alltrue([
      for document in concat(
        values(data.aws_iam_policy_document.function_runtime),
        [
          data.aws_iam_policy_document.accept, data.aws_iam_policy_document.analyze, data.aws_iam_policy_document.invoke_model,
          data.aws_iam_policy_document.plan_next_step, data.aws_iam_policy_document.record_answer,
          data.aws_iam_policy_document.price_rows, data.aws_iam_policy_document.record_outcome,
          data.aws_iam_policy_document.sweep, data.aws_iam_policy_document.sync_api_key[0],
          data.aws_iam_policy_document.watch_models[0], data.aws_iam_policy_document.workflow,
          data.aws_iam_policy_document.state_machine_runtime,
        ],
      ) :
      alltrue([for action in flatten([for statement in document.statement : tolist(statement.actions)]) : !strcontains(action, "*")])
    ])
    error_message = "A role must list its actions."
  }

  assert {
    condition = alltrue([
      for statement in flatten([for document in values(data.aws_iam_policy_document.function_runtime) : document.statement]) :
      length(statement.condition) > 0 if anytrue([for action in statement.actions : startswith(action, "kms:")])
    ])
    error_message = "A function may use the key for its own settings and through named services, not on whatever it is handed."
  }

  # Each function has a role of its own.
  assert {
    condition     = length(distinct([for role in aws_iam_role.function : role.name])) == length(aws_lambda_function.this)
    error_message = "A shared role would give each function what any of them needs."
  }

  assert {
    condition     = toset([for name, policy in aws_iam_role_policy.function_runtime : name]) == toset(keys(aws_lambda_function.this))
    error_message = "Each role needs its log, traces and key."
  }

  # No key passes through Terraform.
  assert {
    condition     = startswith(aws_cloudwatch_event_connection.openai[0].auth_parameters[0].api_key[0].value, "placeholder")
    error_message = "The connection starts with a placeholder; sync_api_key writes the key."
  }

  assert {
    condition = alltrue([
      for function in aws_lambda_function.this :
      alltrue([for variable in keys(function.environment[0].variables) : !endswith(variable, "_API_KEY")])
    ])
    error_message = "Functions get the names of parameters, never keys."
  }

  # Text stays out of logs unless asked for.
  assert {
    condition     = !aws_sfn_state_machine.this["workflow"].logging_configuration[0].include_execution_data
    error_message = "Execution data is prompts and answers."
  }

  assert {
    condition = (
      toset(values(aws_cloudwatch_event_target.record_outcome.input_transformer[0].input_paths)) == toset(["$.detail.executionArn", "$.detail.status"])
      && length(aws_cloudwatch_event_target.record_outcome.dead_letter_config) == 0
    )
    error_message = "An event about an execution may hold its input: neither the function's failures nor a queue may keep it."
  }

  # Data is hard to lose.
  assert {
    condition = alltrue([
      for table in [aws_dynamodb_table.usage[0], aws_dynamodb_table.spend[0], aws_dynamodb_table.control[0]] :
      table.deletion_protection_enabled && table.point_in_time_recovery[0].enabled
    ])
    error_message = "Tables are protected and can be restored unless somebody says otherwise."
  }

  assert {
    condition     = aws_dynamodb_table.usage[0].ttl[0].attribute_name == "expires_at"
    error_message = "Only rows of text carry expires_at; another attribute would let rows of money expire."
  }

  # Without a guardrail none may be applied.
  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.invoke_model.statement : !contains(statement.actions, "bedrock:ApplyGuardrail")])
    error_message = "No guardrail, no right to apply one."
  }
}

run "the_http_task_may_call_one_url_with_one_method" {
  command = plan

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.workflow.statement : {
        for condition in statement.condition : condition.variable => tolist(condition.values)
      } if contains(statement.actions, "states:InvokeHTTPEndpoint")
      ]) == {
      "states:HTTPMethod"   = tolist(["POST"])
      "states:HTTPEndpoint" = tolist(["https://api.openai.com/v1/chat/completions"])
    }
    error_message = "The workflow holds a credential: it may be sent to OpenAI's completions and nowhere else."
  }
}

run "queues_topic_and_bucket_refuse_plain_http" {
  command = plan

  variables {
    queue = {}
  }

  assert {
    condition = toset(keys(data.aws_iam_policy_document.tls_only)) == toset([
      "answers", "failures", "faregate-requests", "faregate-requests-dead", "topic",
    ])
    error_message = "What the module makes and others may send to has such a policy."
  }

  assert {
    condition = alltrue([
      for document in values(data.aws_iam_policy_document.tls_only) :
      one(document.statement).effect == "Deny"
      && one(one(document.statement).principals).identifiers == toset(["*"])
      && one(one(document.statement).condition).variable == "aws:SecureTransport"
      && one(one(document.statement).condition).values == tolist(["false"])
    ])
    error_message = "Whoever asks: what does not come over TLS is denied."
  }
}

run "a_guardrail_is_on_every_call_and_may_be_applied" {
  command = plan

  variables {
    bedrock = { guardrail = { id = "gr0123abcd", version = "3" } }
  }

  assert {
    condition = (
      aws_lambda_function.this["invoke_model"].environment[0].variables["BEDROCK_GUARDRAIL_ID"] == "gr0123abcd"
      && aws_lambda_function.this["invoke_model"].environment[0].variables["BEDROCK_GUARDRAIL_VERSION"] == "3"
    )
    error_message = "The function that calls models must know the guardrail."
  }

  assert {
    condition     = jsondecode(local.settings["analyze"].FAREGATE_CONFIG).guardrail
    error_message = "Plans must keep off the HTTP Task, which no guardrail covers."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.invoke_model.statement :
      tolist(statement.resources) if contains(statement.actions, "bedrock:ApplyGuardrail")
    ]) == tolist(["arn:aws:bedrock:eu-central-1:123456789012:guardrail/gr0123abcd"])
    error_message = "invoke_model may apply this guardrail and no other."
  }
}

run "a_guardrail_that_cannot_be_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    bedrock = { guardrail = { id = "My Guardrail", version = "latest" } }
  }

  expect_failures = [var.bedrock]
}

run "rules_of_your_own_reach_the_encrypted_topic" {
  command = plan

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.topic[0].statement : length(statement.condition)
      if contains(flatten([for principal in statement.principals : tolist(principal.identifiers)]), "events.amazonaws.com")
    ] == [0]
    error_message = "EventBridge sends SNS no condition keys: a condition would drop each event without an error."
  }

  assert {
    condition = contains([
      for statement in data.aws_iam_policy_document.kms_key[0].statement : {
        for condition in statement.condition : condition.variable => tolist(condition.values)
      } if tolist(one(statement.principals).identifiers) == tolist(["events.amazonaws.com"])
    ], { "kms:EncryptionContext:aws:sns:topicArn" = tolist(["arn:aws:sns:eu-central-1:123456789012:faregate-failures"]) })
    error_message = "The key is open to EventBridge for this topic, and by no key that EventBridge does not send."
  }
}
