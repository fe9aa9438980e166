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
    PRICE_OVERRIDES   = jsonencode(var.prices)
  }, local.residency_environment, local.variants_scorer_arn == null ? {} : { SCORER = "true" })
}
