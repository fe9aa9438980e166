# What the batch's state machine may do: call its functions, read its list of chunks, run child executions of itself.

data "aws_iam_policy_document" "batch" {
  count = var.batch == null ? 0 : 1

  source_policy_documents = [data.aws_iam_policy_document.state_machine_runtime.json]

  statement {
    sid     = "RunFunctions"
    actions = ["lambda:InvokeFunction"]
    # By name: new code does not change the role.
    resources = [
      for name, function in local.functions : "arn:${local.partition}:lambda:${local.arn_suffix}:function:${local.function_names[name]}"
      if function.called_by == "batch"
    ]
  }

  statement {
    sid       = "ReadTheListOfChunks"
    actions   = ["s3:GetObject"]
    resources = ["${local.answers_bucket_arn}/batches/*/rounds/*"]
  }

  # A Distributed Map starts its children as executions of the same machine.
  statement {
    sid       = "StartChildren"
    actions   = ["states:StartExecution"]
    resources = [local.batch_machine_arn]
  }

  statement {
    sid       = "WatchChildren"
    actions   = ["states:DescribeExecution", "states:StopExecution"]
    resources = ["${local.batch_execution_arns}:*", "${local.batch_execution_arns}/*"]
  }

  # A redrive of the batch runs the children again that failed.
  statement {
    sid       = "RedriveChildren"
    actions   = ["states:RedriveExecution"]
    resources = ["${local.batch_execution_arns}/*"]
  }

  # Execution data is encrypted with the machine's ARN as context, that of children with their Map's label.
  statement {
    sid       = "EncryptExecutions"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.kms_key_arn]
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:states:stateMachineArn"
      values   = [local.batch_machine_arn, "${local.batch_machine_arn}/*"]
    }
  }

  statement {
    sid       = "UseTheKeyThroughServices"
    actions   = ["kms:Decrypt"]
    resources = [local.kms_key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.regional_suffix}"]
    }
  }
}

resource "aws_iam_role_policy" "batch" {
  count = var.batch == null ? 0 : 1

  name   = "batch"
  role   = aws_iam_role.state_machine["batch"].id
  policy = data.aws_iam_policy_document.batch[0].json
}
