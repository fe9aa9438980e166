variable "workflows" {
  description = <<-EOT
    Workflows on top of the router: each is a state machine whose steps are requests of this deployment, with their
    retries, fallbacks, budgets and rows; see `docs/workflows/`. By default there is none. A Standard router is needed,
    and texts are stored, since steps hand answers on through the rows.

    - `variants`: one prompt in many forms, or asked several times; a judge compares the answers. `{}` creates it.
      `max_concurrency`: requests of one run at a time. Defaults to 10. `scorer_arn`: a Lambda function of yours that
      scores each answer, in place of the judge. By default the judge compares them.
  EOT
  type = object({
    variants = optional(object({
      max_concurrency = optional(number, 10)
      scorer_arn      = optional(string)
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.workflows.variants == null ? true : var.workflows.variants.max_concurrency >= 1 && var.workflows.variants.max_concurrency <= 40 && floor(var.workflows.variants.max_concurrency) == var.workflows.variants.max_concurrency
    error_message = "Write workflows.variants.max_concurrency as a whole number from 1 to 40: an inline Map runs no more at a time."
  }

  validation {
    condition     = try(var.workflows.variants.scorer_arn, null) == null ? true : can(regex("^arn:[a-z-]+:lambda:[^:]+:[0-9]{12}:function:[^:]+(:[^:]+)?$", var.workflows.variants.scorer_arn))
    error_message = "Write workflows.variants.scorer_arn as the ARN of a Lambda function (arn:…:lambda:…:function:…)."
  }

  validation {
    condition     = var.workflows.variants == null || (var.privacy.store_text && var.workflow.type == "STANDARD")
    error_message = "Workflows hand answers on through the rows of their steps, and wait for Standard runs: set privacy.store_text = true and workflow.type = \"STANDARD\"."
  }
}
