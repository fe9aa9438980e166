# The workflow `variants`: asl/variants.asl.json.

locals {
  variants_template = var.workflows.variants == null ? null : jsondecode(templatefile("${path.module}/../asl/variants.asl.json", {
    partition         = local.partition
    rank_variants_arn = aws_lambda_function.this["rank_variants"].arn
    router_arn        = local.state_machine_arn
    variants_arn      = local.variants_machine.arn
    scorer_arn        = try(coalesce(local.variants_scorer_arn), "")
  }))
  variants_machine    = lookup(local.workflow_machines, "variants", null)
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
      AskGroups = merge(local.variants_template.States.AskGroups, { MaxConcurrency = var.workflows.variants.group_concurrency })
    })
  }))

  # A run over a file runs this machine for each group of it, by a Distributed Map. The children of the Map are executions of
  # variants_children, each of which starts a group's run.
  variants_children = try("${local.variants_machine.arn}/${local.variants_template.States.AskGroups.Label}", null)
  variants_rights = flatten([for machine in local.variants_machine[*] : [
    { sid = "StartGroups", actions = ["states:StartExecution"], resources = [machine.arn] },
    {
      sid       = "WatchGroups"
      actions   = ["states:DescribeExecution", "states:StopExecution"]
      resources = [machine.execution_arns, "${replace(local.variants_children, ":stateMachine:", ":execution:")}:*"]
    },
    {
      sid       = "RedriveGroups"
      actions   = ["states:RedriveExecution"]
      resources = ["${replace(local.variants_children, ":stateMachine:", ":execution:")}:*"]
    },
    { sid = "ReadTheListOfGroups", actions = ["s3:GetObject"], resources = ["${local.answers_bucket_arn}/runs/*/groups.json"] },
    { sid = "UseTheKeyThroughServices", actions = ["kms:Decrypt"], resources = [local.kms_key_arn], through = ["s3"] },
    [for arn in local.variants_scorer_arn[*] : { sid = "ScoreAnswers", actions = ["lambda:InvokeFunction"], resources = [arn] }],
  ]])
}
