# The workflow of asl/router.asl.json, as this deployment runs it: what every file uses, the definition, and what the state
# machine may do.
# A policy names a resource through a local, which is in the resource's own file: a policy document that names the resource itself is
# shown as changed whenever anything of that resource changes, even a tag.

data "aws_partition" "this" {}

data "aws_caller_identity" "this" {}

data "aws_region" "this" {}

locals {
  partition = data.aws_partition.this.partition
  account   = data.aws_caller_identity.this.account_id
  # `id` is the region's name in both major versions of the provider; `name` and `region` are not.
  region = data.aws_region.this.id

  arn_suffix = "${local.region}:${local.account}"
  # Of the services as `kms:ViaService` and regional principals name them; China's ends in another domain.
  regional_suffix = "${local.region}.${data.aws_partition.this.dns_suffix}"

  # Built from names, since the role must name the machine before the machine exists.
  state_machine_arn = "arn:${local.partition}:states:${local.arn_suffix}:stateMachine:${var.name}"
  execution_arns    = "arn:${local.partition}:states:${local.arn_suffix}:execution:${var.name}:*"

  tags = merge({ application = "faregate", deployment = var.name }, var.tags)
}

locals {
  definition_template = "${path.module}/../asl/router.asl.json"

  definition = templatefile(local.definition_template, {
    partition          = local.partition
    analyze_arn        = local.called_arns["analyze"]
    invoke_model_arn   = local.called_arns["invoke_model"]
    record_answer_arn  = local.called_arns["record_answer"]
    plan_next_step_arn = local.called_arns["plan_next_step"]
    await_review_arn   = lookup(local.called_arns, "await_review", "")
    openai_endpoint    = aws_cloudwatch_event_api_destination.openai.invocation_endpoint
    connection_arn     = local.connection_arn
    failure_topic_arn  = local.topic_arn
  })

  definition_seconds = jsondecode(file(local.definition_template)).TimeoutSeconds
  workflow_seconds = coalesce(
    var.workflow.timeout_seconds,
    var.workflow.type == "EXPRESS" ? min(300, local.definition_seconds) : local.definition_seconds,
  )

  # Without `review` no state waits for a reviewer; EXPRESS does not support such states.
  review_states  = ["NotifyReviewers", "AwaitReview"]
  review_seconds = var.review == null ? 0 : var.review.timeout_seconds
  states = {
    for name, state in jsondecode(local.definition).States : name => jsondecode(
      name == "AwaitReview" ? jsonencode(merge(
        state,
        { TimeoutSeconds = local.review_seconds },
        { for seconds in try(var.review.heartbeat_seconds, null)[*] : "HeartbeatSeconds" => seconds },
      )) :
      name == "NextStep" && var.review == null ? jsonencode(merge(state, {
        Choices = [for choice in state.Choices : choice if !contains(local.review_states, choice.Next)]
      })) :
      jsonencode(state)
    ) if var.review != null || !contains(local.review_states, name)
  }

  router_definition = jsonencode(merge(jsondecode(local.definition), {
    States = local.states
    # Waiting for a reviewer does not count towards an execution's own time limit.
    TimeoutSeconds = local.workflow_seconds + local.review_seconds
  }))
}

data "aws_iam_policy_document" "workflow" {
  source_policy_documents = [data.aws_iam_policy_document.state_machine_runtime.json]

  statement {
    sid       = "RunFunctions"
    actions   = ["lambda:InvokeFunction"]
    resources = values(local.called_arns)
  }

  statement {
    sid       = "CallOpenAI"
    actions   = ["states:InvokeHTTPEndpoint"]
    resources = [local.state_machine_arn]
    condition {
      test     = "StringEquals"
      variable = "states:HTTPMethod"
      values   = ["POST"]
    }
    condition {
      test     = "StringEquals"
      variable = "states:HTTPEndpoint"
      values   = [local.openai_completions_url]
    }
  }

  statement {
    sid       = "UseTheConnection"
    actions   = ["events:RetrieveConnectionCredentials"]
    resources = [local.connection_arn]
  }

  statement {
    sid       = "ReadItsSecret"
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = [local.connection_secret_arn]
  }

  statement {
    sid       = "NotifyOfFailures"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]
  }

  # Execution data is encrypted with the machine's ARN as context.
  statement {
    sid       = "EncryptExecutions"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.kms_key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:aws:states:stateMachineArn"
      values   = [local.state_machine_arn]
    }
  }

  statement {
    sid       = "UseTheKeyThroughServices"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = distinct([local.kms_key_arn, local.topic_key_arn])
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = [for service in ["secretsmanager", "sns"] : "${service}.${local.regional_suffix}"]
    }
  }
}

resource "aws_iam_role_policy" "workflow" {
  name   = "workflow"
  role   = aws_iam_role.state_machine["workflow"].id
  policy = data.aws_iam_policy_document.workflow.json
}
