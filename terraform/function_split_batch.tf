locals {
  function_split_batch = {
    description  = "Splits the file of a batch into chunks."
    handler      = "router.handlers.split_batch.handler"
    timeout      = 900
    memory       = 1024
    key_services = ["s3"]
    called_by    = "batch"
  }

  split_batch_environment = var.batch == null ? null : {
    ANSWERS_BUCKET    = aws_s3_bucket.answers.id
    INPUT_BYTES_LIMIT = tostring(local.inline_input_bytes)
  }
}

data "aws_iam_policy_document" "split_batch" {
  count = var.batch == null ? 0 : 1

  statement {
    sid       = "ReadTheFile"
    actions   = ["s3:GetObject"]
    resources = ["${local.answers_bucket_arn}/batches/*"]
  }

  statement {
    sid     = "WriteChunks"
    actions = ["s3:PutObject"]
    resources = [
      for part in ["bad-lines", "chunks", "rounds"] : "${local.answers_bucket_arn}/batches/*/${part}/*"
    ]
  }
}

resource "aws_iam_role_policy" "split_batch" {
  count = var.batch == null ? 0 : 1

  name   = "split-batch"
  role   = aws_iam_role.function["split_batch"].id
  policy = data.aws_iam_policy_document.split_batch[0].json
}
