# The workflow `variants`: asl/variants.asl.json.

locals {
  variants_template = var.workflows.variants == null ? null : jsondecode(templatefile("${path.module}/../asl/variants.asl.json", {
    partition         = local.partition
    rank_variants_arn = aws_lambda_function.this["rank_variants"].arn
    router_arn        = local.state_machine_arn
    scorer_arn        = try(coalesce(local.variants_scorer_arn), "")
  }))
  variants_scorer_arn = try(var.workflows.variants.scorer_arn, null)

  # With a scorer each answer goes on to it, as the router returned it; without one, no state calls any.
  scorer_states = ["ScoreVariant", "VariantUnscored"]
  variants_items = {
    for name, state in try(local.variants_template.States.AskVariants.ItemProcessor.States, {}) : name => jsondecode(
      name == "AskVariant" && local.variants_scorer_arn != null ? jsonencode(merge(
        { for field, value in state : field => value if field != "End" },
        { Output = "{% $states.result.Output %}", Next = "ScoreVariant" },
      )) : jsonencode(state)
    ) if local.variants_scorer_arn != null || !contains(local.scorer_states, name)
  }

  variants_definition = var.workflows.variants == null ? null : jsonencode(merge(local.variants_template, {
    States = merge(local.variants_template.States, {
      AskVariants = merge(local.variants_template.States.AskVariants, {
        MaxConcurrency = var.workflows.variants.max_concurrency
        ItemProcessor  = merge(local.variants_template.States.AskVariants.ItemProcessor, { States = local.variants_items })
      })
    })
  }))

  variants_rights = [
    for arn in local.variants_scorer_arn[*] : { sid = "ScoreAnswers", actions = ["lambda:InvokeFunction"], resources = [arn] }
  ]
}
