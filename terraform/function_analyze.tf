locals {
  function_analyze = {
    description  = "Accepts a request once and plans its route."
    handler      = "router.handlers.analyze.handler"
    timeout      = 15
    memory       = 512
    key_services = ["dynamodb", "s3"]
    called_by    = "workflow"
  }

  # Of the strategy in force, and of those on trial.
  weights = distinct(concat(var.analyzer.weights[*], local.trial_weights))

  analyze_environment = merge(
    {
      USAGE_TABLE     = local.tables.usage.name
      CONTROL_TABLE   = local.tables.control.name
      SPEND_TABLE     = local.tables.spend.name
      FAREGATE_CONFIG = jsonencode(local.config)
    },
    local.input_environment,
    local.bedrock_environment,
    local.metrics_environment,
    local.rates_environment,
    var.analyzer.weights == null ? {} : { ANALYZER_WEIGHTS = "s3://${var.analyzer.weights.bucket}/${var.analyzer.weights.key}" },
  )
}

# What accepting a request takes, in the workflow and without it.
data "aws_iam_policy_document" "accept" {
  statement {
    sid       = "AcceptOnce"
    actions   = ["dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
    resources = [local.tables.usage.arn]
  }

  # The exact cache is read together with the items of the guards.
  statement {
    sid       = "ReadTheCache"
    actions   = ["dynamodb:BatchGetItem"]
    resources = [local.tables.usage.arn]
  }

  # Limits that were set at run time are in the item `limits`.
  statement {
    sid       = "ReadTheGuards"
    actions   = ["dynamodb:BatchGetItem"]
    resources = [local.tables.control.arn]
    condition {
      test     = "ForAllValues:StringLike"
      variable = "dynamodb:LeadingKeys"
      values   = ["limits", "budget#*", "rate#*", "breaker#*", "session#*"]
    }
  }

  # Never a caller's key (`apikey#`), nor the limits that it is held to.
  statement {
    sid       = "ReserveAndTake"
    actions   = ["dynamodb:UpdateItem"]
    resources = [local.tables.control.arn]
    condition {
      test     = "ForAllValues:StringLike"
      variable = "dynamodb:LeadingKeys"
      values   = ["budget#*", "rate#*", "breaker#*", "session#*"]
    }
  }

  # Requests that are too large for the workflow, and files that requests name.
  statement {
    sid       = "ReadWhatIsAsked"
    actions   = ["s3:GetObject"]
    resources = local.input_arns
  }

  # Without it S3 answers 403 for what is missing, not 404.
  statement {
    sid       = "SeeWhatIsMissing"
    actions   = ["s3:ListBucket"]
    resources = [local.answers_bucket_arn]
  }

  dynamic "statement" {
    for_each = length(local.weights) == 0 ? [] : [1]
    content {
      sid       = "ReadItsWeights"
      actions   = ["s3:GetObject"]
      resources = [for file in local.weights : "arn:${local.partition}:s3:::${file.bucket}/${file.key}"]
    }
  }

  dynamic "statement" {
    for_each = local.asks_classifier ? [1] : []
    content {
      sid       = "AskTheClassifier"
      actions   = ["bedrock:InvokeModel"]
      resources = [local.classifier_arn]
    }
  }

  dynamic "statement" {
    for_each = !local.asks_classifier || length(local.classifier_routed_arns) == 0 ? [] : [1]
    content {
      sid       = "BeRoutedByItsProfile"
      actions   = ["bedrock:InvokeModel"]
      resources = local.classifier_routed_arns
      condition {
        test     = "ArnEquals"
        variable = "bedrock:InferenceProfileArn"
        values   = [local.classifier_arn]
      }
    }
  }
}

data "aws_iam_policy_document" "analyze" {
  source_policy_documents = [data.aws_iam_policy_document.accept.json]

  # A rerun takes a failed request out of the sums until it ends again.
  statement {
    sid       = "TakeBackAFailure"
    actions   = ["dynamodb:UpdateItem"]
    resources = [local.tables.spend.arn]
  }
}

resource "aws_iam_role_policy" "analyze" {
  name   = "analyze"
  role   = aws_iam_role.function["analyze"].id
  policy = data.aws_iam_policy_document.analyze.json

  lifecycle {
    precondition {
      condition     = local.policy_characters["analyze"] <= local.inline_policy_characters
      error_message = "The policies of analyze would exceed the 10,240 characters that IAM allows a role. Name fewer or shorter models in `models`, or fewer in bedrock.foundation_models."
    }
  }
}
