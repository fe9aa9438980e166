# The workflow of asl/router.asl.json, as this deployment runs it. What it may do stands in workflow_role.tf.

locals {
  definition_template = "${path.module}/../asl/router.asl.json"

  definition = templatefile(local.definition_template, {
    analyze_arn       = local.called_arns["analyze"]
    invoke_model_arn  = local.called_arns["invoke_model"]
    usage_table       = local.tables.usage.name
    openai_endpoint   = aws_cloudwatch_event_api_destination.openai.invocation_endpoint
    connection_arn    = local.connection_arn
    failure_topic_arn = local.topic_arn
  })

  definition_seconds = jsondecode(file(local.definition_template)).TimeoutSeconds
  workflow_seconds = coalesce(
    var.workflow.timeout_seconds,
    var.workflow.type == "EXPRESS" ? min(300, local.definition_seconds) : local.definition_seconds,
  )

  # Without `review` no state waits for a human, and EXPRESS takes none that does.
  review_states  = ["NotifyReviewers", "AwaitReview", "ReviewDecided"]
  review_seconds = var.review == null ? 0 : var.review.timeout_seconds
  states = {
    for name, state in jsondecode(local.definition).States : name => jsondecode(
      name == "AwaitReview" ? jsonencode(merge(state, { TimeoutSeconds = local.review_seconds })) :
      name == "NextFallback" && var.review == null ? jsonencode(merge(state, {
        Choices = [for choice in state.Choices : choice if !contains(local.review_states, choice.Next)]
      })) :
      jsonencode(state)
    ) if var.review != null || !contains(local.review_states, name)
  }
}

resource "aws_sfn_state_machine" "this" {
  #checkov:skip=CKV_AWS_285: execution data is prompts and answers, which stay out of logs; workflow.include_execution_data turns it on
  name     = var.name
  type     = var.workflow.type
  role_arn = aws_iam_role.workflow.arn

  definition = jsonencode(merge(jsondecode(local.definition), {
    States = local.states
    # A run may wait for a human beside its own time.
    TimeoutSeconds = local.workflow_seconds + local.review_seconds
  }))

  logging_configuration {
    level                  = var.workflow.log_level
    include_execution_data = var.workflow.include_execution_data
    log_destination        = "${local.log_groups["workflow"].arn}:*"
  }

  tracing_configuration {
    enabled = var.observability.xray
  }

  encryption_configuration {
    type                              = "CUSTOMER_MANAGED_KMS_KEY"
    kms_key_id                        = local.kms_key_arn
    kms_data_key_reuse_period_seconds = 300
  }

  tags = local.tags

  # Step Functions checks at creation that the role may log and use the key.
  depends_on = [aws_iam_role_policy.workflow]
}
