locals {
  function_record_outcome = {
    description    = "Closes requests whose execution died."
    handler        = "router.handlers.record_outcome.handler"
    timeout        = 60
    key_services   = ["dynamodb", "sqs", "states"]
    failures_aside = "events"
    notifies       = true
  }

  record_outcome_environment = merge({
    USAGE_TABLE       = local.tables.usage.name
    FAILURE_TOPIC_ARN = local.topic_arn
    # What a run that was refused has cost is reckoned with it.
    ANALYZE_MEMORY_MB = lookup(var.functions.memory_mb, "analyze", local.function_analyze.memory)
  }, length(local.workflow_machines) == 0 ? {} : { WORKFLOWS = jsonencode(local.workflow_memory) })

  # By its machine's name, each workflow on top with the memory of the function that decides for it.
  workflow_memory = {
    for function, settings in local.known_functions : local.workflow_machines[settings.called_by].name => {
      name      = settings.called_by
      memory_mb = lookup(var.functions.memory_mb, function, settings.memory)
    } if settings.reads_steps && contains(local.workflow_names, settings.called_by)
  }
}

data "aws_iam_policy_document" "record_outcome" {
  statement {
    sid       = "ReadTheExecution"
    actions   = ["states:DescribeExecution", "states:GetExecutionHistory"]
    resources = concat([local.execution_arns], values(local.workflow_machines)[*].execution_arns)
  }

  statement {
    sid       = "CloseTheRequest"
    actions   = ["dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
    resources = [local.tables.usage.arn]
  }
}

resource "aws_iam_role_policy" "record_outcome" {
  name   = "record-outcome"
  role   = aws_iam_role.function["record_outcome"].id
  policy = data.aws_iam_policy_document.record_outcome.json
}

# Failures that the workflow itself cannot catch. EXPRESS executions send no such event: the sweep handles them.
resource "aws_cloudwatch_event_rule" "execution_ended_badly" {
  name        = "${var.name}-execution-ended-badly"
  description = "Executions of ${var.name} that failed, timed out or were aborted."

  event_pattern = jsonencode({
    source      = ["aws.states"]
    detail-type = ["Step Functions Execution Status Change"]
    detail = {
      stateMachineArn = concat([local.state_machine_arn], values(local.workflow_machines)[*].arn)
      status          = ["FAILED", "TIMED_OUT", "ABORTED"]
    }
  })

  tags = local.tags
}

resource "aws_cloudwatch_event_target" "record_outcome" {
  rule = aws_cloudwatch_event_rule.execution_ended_badly.name
  arn  = aws_lambda_function.this["record_outcome"].arn

  # The event may contain the request's text, and failed events are kept in a queue: the function gets only the names. An event
  # that cannot be delivered is dropped, since the sweep does the same work.
  input_transformer {
    input_paths = {
      execution = "$.detail.executionArn"
      status    = "$.detail.status"
    }
    input_template = "{\"detail\": {\"executionArn\": <execution>, \"status\": <status>}}"
  }

  depends_on = [aws_lambda_permission.record_outcome]
}

resource "aws_lambda_permission" "record_outcome" {
  statement_id  = "execution-ended-badly"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["record_outcome"].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.execution_ended_badly.arn
}
