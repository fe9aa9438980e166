# Workflows on top of the router (`workflows`): what they have in common. Each has a file of its own, workflow_<name>.tf, with its
# definition and what its machine may do beyond this; and its functions, each in function_<name>.tf with the workflow as `called_by`.

locals {
  # Null if the workflow is off.
  workflow_definitions = {
    agent     = local.agent_definition
    variants  = local.variants_definition
    rag       = local.rag_definition
    documents = local.documents_definition
  }

  workflow_rights = {
    agent     = local.agent_rights
    variants  = local.variants_rights
    rag       = local.rag_rights
    documents = local.documents_rights
  }

  workflow_names = [for name, settings in var.workflows : name if settings != null]

  workflow_machines = {
    for name in local.workflow_names : name => {
      name           = "${var.name}-${name}"
      arn            = "arn:${local.partition}:states:${local.arn_suffix}:stateMachine:${var.name}-${name}"
      execution_arns = "arn:${local.partition}:states:${local.arn_suffix}:execution:${var.name}-${name}:*"
    }
  }

  workflow_alarms = merge([
    for name, machine in local.workflow_machines : {
      for alarm, metric in { failed = "ExecutionsFailed", timed-out = "ExecutionsTimedOut" } : "${name}-${alarm}" => {
        text                        = "A run of the workflow ${name} failed; started again under its id, it pays for nothing twice."
        runbook                     = "workflow-failed"
        namespace                   = "AWS/States"
        metric                      = metric
        above                       = 0
        dimensions                  = { StateMachineArn = machine.arn }
      }
    }
  ]...)
}

# What a workflow's state machine may do: call its own function, run the router and wait for it.
data "aws_iam_policy_document" "workflow_machine" {
  for_each = local.workflow_machines

  source_policy_documents = [data.aws_iam_policy_document.state_machine_runtime.json]

  statement {
    sid     = "RunFunctions"
    actions = ["lambda:InvokeFunction"]
    # By name: new code does not change the role.
    resources = [
      for name, function in local.functions : "arn:${local.partition}:lambda:${local.arn_suffix}:function:${local.function_names[name]}"
      if function.called_by == each.key
    ]
  }

  dynamic "statement" {
    for_each = local.workflow_rights[each.key]
    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = statement.value.resources
      dynamic "condition" {
        for_each = contains(keys(statement.value), "through") ? [statement.value.through] : []
        content {
          test     = "StringEquals"
          variable = "kms:ViaService"
          values   = [for service in condition.value : "${service}.${local.regional_suffix}"]
        }
      }
    }
  }

  statement {
    sid       = "AskTheRouter"
    actions   = ["states:StartExecution"]
    resources = [local.state_machine_arn]
  }

  statement {
    sid       = "FollowWhatItAsked"
    actions   = ["states:DescribeExecution", "states:StopExecution"]
    resources = [local.execution_arns]
  }

  # Step Functions learns of a child's end by a rule that it manages under this name.
  statement {
    sid       = "HearOfItsEnd"
    actions   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
    resources = ["arn:${local.partition}:events:${local.arn_suffix}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"]
  }

  # Execution data is encrypted with the machine's ARN as context: its own, that of its Distributed Map's children, and the router's for
  # the input that it hands over.
  statement {
    sid       = "EncryptExecutions"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.kms_key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:aws:states:stateMachineArn"
      values   = concat([each.value.arn, local.state_machine_arn], each.key == "variants" ? [local.variants_children] : [])
    }
  }
}

resource "aws_iam_role_policy" "workflow_machine" {
  for_each = local.workflow_machines

  name   = each.key
  role   = aws_iam_role.state_machine[each.key].id
  policy = data.aws_iam_policy_document.workflow_machine[each.key].json
}

# What the function that decides for a workflow may do: read the rows of its steps, and put the row of the run's own cost.
data "aws_iam_policy_document" "workflow_function" {
  statement {
    sid       = "ReadStepsAndRecordTheRun"
    actions   = ["dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
    resources = [local.tables.usage.arn]
  }

  statement {
    sid       = "ReadLargeAnswers"
    actions   = ["s3:GetObject"]
    resources = ["${local.answers_bucket_arn}/answers/*"]
  }

  # Without it S3 answers 403 for an expired answer, not 404.
  statement {
    sid       = "SeeWhatIsMissing"
    actions   = ["s3:ListBucket"]
    resources = [local.answers_bucket_arn]
  }
}

resource "aws_iam_role_policy" "workflow_function" {
  for_each = { for name, function in local.functions : function.called_by => name if function.reads_steps }

  name   = each.key
  role   = aws_iam_role.function[each.value].id
  policy = data.aws_iam_policy_document.workflow_function.json
}
