# The state machines, their roles, and what each needs to run at all. What each does, and may do, is in its own file.

locals {
  state_machines = merge(
    { workflow = { name = var.name, role = "${var.name}-workflow", run_as = [local.state_machine_arn], type = var.workflow.type } },
    # The children of a Distributed Map run under the name of their Map.
    var.batch == null ? {} : {
      batch = { name = local.batch_name, role = local.batch_name, run_as = [local.batch_machine_arn, "${local.batch_machine_arn}/*"], type = "STANDARD" }
    },
    { for name, machine in local.workflow_machines : name => { name = machine.name, role = machine.name, run_as = [machine.arn], type = "STANDARD" } },
  )

  # Apart from the above, since they name functions, whose log groups are made beside those of the machines.
  definitions = merge({ workflow = local.router_definition, batch = local.batch_definition }, local.workflow_definitions)
}

resource "aws_sfn_state_machine" "this" {
  #checkov:skip=CKV_AWS_285: execution data is prompts and answers, which are not logged unless workflow.include_execution_data is set
  for_each = local.state_machines

  name       = each.value.name
  type       = each.value.type
  role_arn   = aws_iam_role.state_machine[each.key].arn
  definition = local.definitions[each.key]

  logging_configuration {
    level                  = var.workflow.log_level
    include_execution_data = var.workflow.include_execution_data
    log_destination        = "${local.log_groups[each.key].arn}:*"
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
  depends_on = [aws_iam_role_policy.workflow, aws_iam_role_policy.batch, aws_iam_role_policy.workflow_machine]
}

data "aws_iam_policy_document" "state_machine_trust" {
  for_each = local.state_machines

  statement {
    sid     = "TheMachineAloneRunsIt"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = each.value.run_as
    }
  }
}

resource "aws_iam_role" "state_machine" {
  for_each = local.state_machines

  name                 = each.value.role
  description          = "The state machine ${each.value.name}."
  assume_role_policy   = data.aws_iam_policy_document.state_machine_trust[each.key].json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = local.tags
}

data "aws_iam_policy_document" "state_machine_runtime" {
  # A log group under the key is written in a context of its own.
  statement {
    sid       = "EncryptItsLog"
    actions   = ["kms:GenerateDataKey"]
    resources = [local.kms_key_arn]
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:SourceArn"
      values   = ["arn:${local.partition}:logs:${local.arn_suffix}:*"]
    }
  }

  dynamic "statement" {
    for_each = var.observability.xray ? [1] : []
    content {
      sid     = "SendTraces"
      actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"]
      # X-Ray has no resource to name here.
      resources = ["*"]
    }
  }

  statement {
    sid = "DeliverItsLog"
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
    ]
    # Log delivery is managed for the account: AWS documents `*` for these.
    resources = ["*"]
  }
}
