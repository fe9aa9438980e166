variable "privacy" {
  description = <<-EOT
    What the `usage` table keeps of prompts and answers. Independently of this, executions keep their input and output
    for 90 days, encrypted under the module's key.

    - `store_text`: keep a CONTENT row with the texts. If false, a repeated request id is answered without its text.
      Defaults to true.
    - `text_ttl_days`: days until DynamoDB deletes that row. Costs and counts are kept. Defaults to 30.
  EOT
  type = object({
    store_text    = optional(bool, true)
    text_ttl_days = optional(number, 30)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.privacy.text_ttl_days >= 1 && var.privacy.text_ttl_days <= 3650 && floor(var.privacy.text_ttl_days) == var.privacy.text_ttl_days
    error_message = "Write privacy.text_ttl_days as whole days from 1 to 3650; to keep no text at all, set store_text = false."
  }
}

variable "review" {
  description = <<-EOT
    Human review: the answer to a request with `review` is shown to a reviewer before its caller gets it. Standard
    workflows only. Waiting costs nothing; `faregate review` lists the drafts and records decisions. Reviewers
    are notified through the topic of `notifications`.

    - `answer_above`, `fail_below`: bands of the confidence in the structured answer, in the field that the request
      names. From `answer_above` on, the request is answered at once; below `fail_below` it fails and its draft is kept;
      in between a reviewer decides. Default to 0.8 and 0.3.
    - `timeout_seconds`: how long to wait for a reviewer; an execution may take that much longer. Defaults to 86400, a
      day.
    - `heartbeat_seconds`: how long a draft may lie without a look of a reviewer (`faregate review show`); then it is
      decided as after the whole time. Each look starts it again. By default only `timeout_seconds` counts.
    - `default`: the decision after that time: `reject` or `approve`. An answer that does not match its schema is always
      rejected. Defaults to `reject`.

    By default there is no human review, and requests that ask for it are refused.
  EOT
  type = object({
    answer_above      = optional(number, 0.8)
    fail_below        = optional(number, 0.3)
    timeout_seconds   = optional(number, 86400)
    default           = optional(string, "reject")
    heartbeat_seconds = optional(number)
  })
  default = null

  validation {
    condition     = var.review == null ? true : var.review.fail_below >= 0 && var.review.answer_above <= 1 && var.review.fail_below <= var.review.answer_above
    error_message = "Write review bands from 0 to 1, fail_below not above answer_above."
  }

  validation {
    condition     = var.review == null ? true : contains(["approve", "reject"], var.review.default)
    error_message = "Write review.default as \"reject\" or \"approve\"."
  }

  validation {
    condition     = var.review == null ? true : var.review.timeout_seconds >= 60 && var.review.timeout_seconds <= min(30, var.privacy.text_ttl_days) * 86400 && floor(var.review.timeout_seconds) == var.review.timeout_seconds
    error_message = "Write review.timeout_seconds as whole seconds from 60 to 30 days, and not beyond privacy.text_ttl_days: the draft would be gone."
  }

  validation {
    condition     = try(var.review.heartbeat_seconds, null) == null ? true : var.review.heartbeat_seconds >= 60 && var.review.heartbeat_seconds < var.review.timeout_seconds && floor(var.review.heartbeat_seconds) == var.review.heartbeat_seconds
    error_message = "Write review.heartbeat_seconds as whole seconds from 60, below review.timeout_seconds."
  }

  validation {
    condition     = var.review == null || var.workflow.type == "STANDARD"
    error_message = "Human review needs workflow.type = \"STANDARD\": an EXPRESS execution ends after 300 s. Leave review out, or change the type."
  }
}
