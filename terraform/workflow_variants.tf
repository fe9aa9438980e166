# The workflow `variants`: asl/variants.asl.json.

locals {
  variants_definition = var.workflows.variants == null ? null : jsondecode(templatefile("${path.module}/../asl/variants.asl.json", {
    partition         = local.partition
    rank_variants_arn = aws_lambda_function.this["rank_variants"].arn
    router_arn        = local.state_machine_arn
    scorer_arn        = try(coalesce(local.variants_scorer_arn), "")
  }))
  variants_scorer_arn = try(var.workflows.variants.scorer_arn, null)

  # With a scorer each answer goes on to it, as the router returned it; without one, no state calls any.
  scorer_states = ["ScoreVariant", "VariantUnscored"]
  variants_items = {
    for name, state in try(local.variants_definition.States.AskVariants.ItemProcessor.States, {}) : name => jsondecode(
      name == "AskVariant" && local.variants_scorer_arn != null ? jsonencode(merge(
        { for field, value in state : field => value if field != "End" },
        { Output = "{% $states.result.Output %}", Next = "ScoreVariant" },
      )) : jsonencode(state)
    ) if local.variants_scorer_arn != null || !contains(local.scorer_states, name)
  }
}

resource "aws_sfn_state_machine" "variants" {
  #checkov:skip=CKV_AWS_285: execution data is prompts and answers, which are not logged unless workflow.include_execution_data is set
  count = var.workflows.variants == null ? 0 : 1

  name     = local.workflow_machines["variants"].name
  type     = "STANDARD"
  role_arn = aws_iam_role.state_machine["variants"].arn

  definition = jsonencode(merge(local.variants_definition, {
    States = merge(local.variants_definition.States, {
      AskVariants = merge(local.variants_definition.States.AskVariants, {
        MaxConcurrency = var.workflows.variants.max_concurrency
        ItemProcessor  = merge(local.variants_definition.States.AskVariants.ItemProcessor, { States = local.variants_items })
      })
    })
  }))

  logging_configuration {
    level                  = var.workflow.log_level
    include_execution_data = var.workflow.include_execution_data
    log_destination        = "${local.log_groups["variants"].arn}:*"
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
  depends_on = [aws_iam_role_policy.workflow_machine]
}
