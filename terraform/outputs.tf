output "state_machine" {
  description = "The workflow: its `arn`, to start executions, and its `name`."
  value = {
    arn  = aws_sfn_state_machine.this["workflow"].arn
    name = aws_sfn_state_machine.this["workflow"].name
  }
}

output "tables" {
  description = "`name` and `arn` of each table: `usage` (with its `stream_arn`), `spend` and `control`."
  value = {
    usage = {
      name       = local.tables.usage.name
      arn        = local.tables.usage.arn
      stream_arn = local.tables.usage.stream_arn
    }
    spend   = { name = local.tables.spend.name, arn = local.tables.spend.arn }
    control = { name = local.tables.control.name, arn = local.tables.control.arn }
  }
}

output "functions" {
  description = "Each function's `name`, `arn`, `role_arn` and `log_group`. `sync_api_key` is absent if you provide a connection, `watch_models` if `breaker` is null."
  value = {
    for name, function in aws_lambda_function.this : name => {
      name      = function.function_name
      arn       = function.arn
      role_arn  = aws_iam_role.function[name].arn
      log_group = local.log_groups[name].name
    }
  }
}

output "workflow_role_arn" {
  description = "ARN of the state machine's role."
  value       = aws_iam_role.state_machine["workflow"].arn
}

output "workflow_log_group" {
  description = "Name of the state machine's log group."
  value       = local.log_groups["workflow"].name
}

output "kms_key_arn" {
  description = "ARN of the key that everything is encrypted under. Principals that read a table or start an execution need `kms:Decrypt` on it."
  value       = local.kms_key_arn
}

output "failures_queue" {
  description = "`url` and `arn` of the queue of events and stream records that no function could handle. It should be empty."
  value = {
    url = aws_sqs_queue.failures.url
    arn = aws_sqs_queue.failures.arn
  }
}

output "answers_bucket" {
  description = "`name` and `arn` of the bucket of answers that are too large for the workflow; `output_s3` of an output or row points into it."
  value       = { name = aws_s3_bucket.answers.id, arn = aws_s3_bucket.answers.arn }
}

output "queue" {
  description = "`url` and `arn` of the queue of requests, and of its dead-letter queue (`dead_letter_url`, `dead_letter_arn`); null without `queue`."
  value = var.queue == null ? null : {
    url             = aws_sqs_queue.requests[0].url
    arn             = aws_sqs_queue.requests[0].arn
    dead_letter_url = aws_sqs_queue.requests_dead[0].url
    dead_letter_arn = aws_sqs_queue.requests_dead[0].arn
  }
}

output "batch" {
  description = "The `state_machine_arn` and the `bucket` that `faregate batch` needs; null without `batch`."
  value = var.batch == null ? null : {
    state_machine_arn = aws_sfn_state_machine.this["batch"].arn
    bucket            = aws_s3_bucket.answers.id
  }
}

output "workflows" {
  description = "By the workflow's name, its `state_machine_arn`; those of `workflows` alone."
  value       = { for name in local.workflow_names : name => { state_machine_arn = aws_sfn_state_machine.this[name].arn } }
}

output "corpus" {
  description = "The corpus of `workflows.rag` and `workflows.documents`, null without both: the `bucket`, and the `folder` that documents are put into."
  value       = local.has_corpus ? { bucket = local.corpus_bucket, folder = local.documents_folder } : null
}

output "notifications_topic_arn" {
  description = "ARN of the SNS topic for failed requests."
  value       = local.topic_arn
}

output "openai" {
  description = "The EventBridge connection (`connection_arn`), the API destination (`api_destination_arn`), its `endpoint`, and the SSM parameter of the key (`api_key_parameter`)."
  value = {
    connection_arn      = local.connection_arn
    api_destination_arn = aws_cloudwatch_event_api_destination.openai.arn
    endpoint            = aws_cloudwatch_event_api_destination.openai.invocation_endpoint
    api_key_parameter   = var.openai.api_key_parameter
  }
}

output "rules" {
  description = "ARNs of the EventBridge rules: `execution_ended_badly`, `sweep`, `duplicate` (null without `routing.duplicate`), and `api_key_changed` (null if you provide a connection)."
  value = {
    execution_ended_badly = aws_cloudwatch_event_rule.execution_ended_badly.arn
    sweep                 = aws_cloudwatch_event_rule.sweep.arn
    duplicate             = one(aws_cloudwatch_event_rule.duplicate[*].arn)
    api_key_changed       = one(aws_cloudwatch_event_rule.api_key_changed[*].arn)
  }
}

output "event_source_mapping_id" {
  description = "Id of the mapping from the usage table's stream to `price_rows`; `aws lambda update-event-source-mapping --no-enabled` pauses pricing."
  value       = aws_lambda_event_source_mapping.usage.uuid
}

output "alarms" {
  description = "ARNs of the alarms by name (`each`), and of the `composite` alarm; empty and null without `alarms`."
  value = {
    each      = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.arn }
    composite = one(aws_cloudwatch_composite_alarm.this[*].arn)
  }
}

output "models" {
  description = "The models as they are called, by tier, with their fallbacks."
  value       = local.tiers
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard; null without one."
  value       = one(aws_cloudwatch_dashboard.this[*].dashboard_name)
}

output "api" {
  description = "The HTTP API, null without `api`: `url` (`base_url` of OpenAI clients), `rest_api_id` and `stage` for a domain of your own, `arn` for policies (`execute-api:Invoke`), and `key_ids` by name if `auth` is `API_KEY`."
  value = var.api == null ? null : {
    url         = aws_api_gateway_stage.this[0].invoke_url
    rest_api_id = aws_api_gateway_rest_api.this[0].id
    stage       = aws_api_gateway_stage.this[0].stage_name
    arn         = "${aws_api_gateway_rest_api.this[0].execution_arn}/${aws_api_gateway_stage.this[0].stage_name}/*/*"
    key_ids     = { for name, key in aws_api_gateway_api_key.caller : name => key.id }
  }
}

output "websocket" {
  description = "The WebSocket API, null without `websocket`: the `url` that clients connect to, `api_id` and `stage` for a domain of your own."
  value = var.websocket == null ? null : {
    url    = aws_apigatewayv2_stage.websocket[0].invoke_url
    api_id = aws_apigatewayv2_api.websocket[0].id
    stage  = aws_apigatewayv2_stage.websocket[0].name
  }
}

output "commands" {
  description = "Commands to paste, for the AWS CLI and the package's own; those of the HTTP API, queue and batch only if they exist."
  value = merge({
    put_openai_api_key = "aws ssm put-parameter --region ${local.region} --name ${var.openai.api_key_parameter} --type SecureString --key-id ${local.kms_key_arn} --overwrite --value \"$OPENAI_API_KEY\""
    ask                = "faregate ask --name ${var.name} --region ${local.region} \"What is the capital of France?\""
    start_execution    = "aws stepfunctions start-execution --region ${local.region} --state-machine-arn ${aws_sfn_state_machine.this["workflow"].arn} --input '{\"input\": \"What is the capital of France?\"}'"
    describe_execution = "aws stepfunctions describe-execution --region ${local.region} --execution-arn \"$EXECUTION_ARN\""
    read_request       = "aws dynamodb query --region ${local.region} --table-name ${local.tables.usage.name} --key-condition-expression 'request_id = :id' --expression-attribute-values '{\":id\": {\"S\": \"'\"$REQUEST_ID\"'\"}}'"
    subscribe          = "aws sns subscribe --region ${local.region} --topic-arn ${local.topic_arn} --protocol email --notification-endpoint \"$EMAIL\""
    dashboard          = "faregate dashboard --name ${var.name} --region ${local.region}"
    read_failures      = "aws sqs receive-message --region ${local.region} --queue-url ${aws_sqs_queue.failures.url} --max-number-of-messages 10"
    },
    local.api_authorizes ? {
      create_caller_key = "faregate keys create --name ${var.name} --region ${local.region} --tenant \"$TENANT\""
      ask_api           = "curl ${aws_api_gateway_stage.this[0].invoke_url}/prompts -H \"authorization: Bearer $FAREGATE_KEY\" -H 'content-type: application/json' -d '{\"input\": \"What is the capital of France?\"}'"
    } : {},
    var.queue == null ? {} : {
      send_message      = "aws sqs send-message --region ${local.region} --queue-url ${aws_sqs_queue.requests[0].url} --message-body '{\"input\": \"What is the capital of France?\"}'"
      read_dead_letters = "aws sqs receive-message --region ${local.region} --queue-url ${aws_sqs_queue.requests_dead[0].url} --message-attribute-names All --max-number-of-messages 10"
      redrive           = "aws sqs start-message-move-task --region ${local.region} --source-arn ${aws_sqs_queue.requests_dead[0].arn} --destination-arn ${aws_sqs_queue.requests[0].arn}"
    },
    var.batch == null ? {} : {
      submit_batch = "faregate batch submit prompts.jsonl --name ${var.name} --region ${local.region}"
    },
  )
}
