locals {
  function_rank_variants = {
    description  = "Makes the requests of a run of variants, and ranks their answers."
    handler      = "router.handlers.rank_variants.handler"
    timeout      = 60
    key_services = ["dynamodb", "s3"]
    called_by    = "variants"
    reads_steps  = true
  }

  rank_variants_environment = var.workflows.variants == null ? null : merge({
    USAGE_TABLE       = local.tables.usage.name
    ANSWERS_BUCKET    = aws_s3_bucket.answers.id
    INPUT_BYTES_LIMIT = tostring(var.limits.input_bytes)
  }, local.rates_environment, local.variants_scorer_arn == null ? {} : { SCORER = "true" })
}

# What a run over a file reads and writes: the file, and below runs/ its groups and what they came to.
data "aws_iam_policy_document" "rank_variants" {
  count = var.workflows.variants == null ? 0 : 1

  statement {
    sid       = "ReadTheFileAndTheGroups"
    actions   = ["s3:GetObject"]
    resources = [for folder in ["variants", "runs"] : "${local.answers_bucket_arn}/${folder}/*"]
  }

  statement {
    sid       = "WriteGroups"
    actions   = ["s3:PutObject"]
    resources = ["${local.answers_bucket_arn}/runs/*"]
  }
}

resource "aws_iam_role_policy" "rank_variants" {
  count = var.workflows.variants == null ? 0 : 1

  name   = "rank-variants"
  role   = aws_iam_role.function["rank_variants"].id
  policy = data.aws_iam_policy_document.rank_variants[0].json
}
