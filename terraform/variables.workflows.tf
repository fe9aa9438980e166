variable "workflows" {
  description = <<-EOT
    Workflows on top of the router: each is a state machine whose steps are requests of this deployment, with their
    retries, fallbacks, budgets and rows; see `docs/workflows/`. By default there is none. A Standard router is needed,
    and texts are stored, since steps hand answers on through the rows.

    - `variants`: one prompt in many forms, or asked several times; a judge compares the answers. `{}` creates it.
      `max_concurrency`: requests of one run at a time. Defaults to 10. `scorer_arn`: a Lambda function of yours that
      scores each answer, in place of the judge. By default the judge compares them.
    - `agent`: a plan, workers that carry it out level by level, an answer with its confidence, a reviewer if it is in
      doubt, and its form. Needs `review`. `tools`: Lambda functions of yours that a step may be, by the name that
      inputs use for them. By default there is none. `max_concurrency`: steps of one run at a time. Defaults to 10.
      `step_timeout_seconds`: how long a step may take, from 60 to 3600. Defaults to 900.
  EOT
  type = object({
    variants = optional(object({
      max_concurrency = optional(number, 10)
      scorer_arn      = optional(string)
    }))
    agent = optional(object({
      tools                = optional(map(string), {})
      max_concurrency      = optional(number, 10)
      step_timeout_seconds = optional(number, 900)
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
    condition     = var.workflows.agent == null ? true : var.workflows.agent.max_concurrency >= 1 && var.workflows.agent.max_concurrency <= 40 && floor(var.workflows.agent.max_concurrency) == var.workflows.agent.max_concurrency
    error_message = "Write workflows.agent.max_concurrency as a whole number from 1 to 40: an inline Map runs no more at a time."
  }

  validation {
    condition     = var.workflows.agent == null ? true : var.workflows.agent.step_timeout_seconds >= 60 && var.workflows.agent.step_timeout_seconds <= 3600 && floor(var.workflows.agent.step_timeout_seconds) == var.workflows.agent.step_timeout_seconds
    error_message = "Write workflows.agent.step_timeout_seconds as whole seconds from 60 to 3600."
  }

  validation {
    condition = var.workflows.agent == null ? true : alltrue([
      for name, arn in var.workflows.agent.tools :
      can(regex("^[a-z][0-9a-z_]{0,31}$", name)) && can(regex("^arn:[a-z-]+:lambda:[^:]+:[0-9]{12}:function:[^:]+(:[^:]+)?$", arn))
    ])
    error_message = "Write workflows.agent.tools as { name = the ARN of a Lambda function }; a name has lower-case letters, digits and _, up to 32."
  }

  validation {
    condition     = var.workflows.agent == null || var.review != null
    error_message = "workflows.agent has a reviewer look at answers in doubt: set `review` too, for example review = {}."
  }

  validation {
    condition     = alltrue([for settings in values(var.workflows) : settings == null]) || (var.privacy.store_text && var.workflow.type == "STANDARD")
    error_message = "Workflows hand answers on through the rows of their steps, and wait for Standard runs: set privacy.store_text = true and workflow.type = \"STANDARD\"."
  }
}
