variable "privacy" {
  description = <<-EOT
    What is kept of prompts and answers in the `usage` table. Executions keep their own input and output for 90 days whatever
    stands here, encrypted under the module's key.

    - `store_text`: keep a CONTENT row with the texts. Left out: true. False also means that a repeated request id is
      answered without its text.
    - `text_ttl_days`: days until DynamoDB deletes that row. Left out: 30. Costs and counts are kept.
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
    Human review: a request with `review` has its answer seen by a human before its caller gets it. Standard only. Waiting costs
    nothing; `python -m router review` lists the drafts and decides. The notice goes to the topic of `notifications`.

    - `answer_above`, `fail_below`: bands of the confidence that stands in the structured answer, in the field that the request
      names: from `answer_above` on it is answered at once, below `fail_below` the request fails with its draft kept, between the
      two a human decides. Left out: 0.8 and 0.3.
    - `timeout_seconds`: how long a human is waited for; a run may take so much longer. Left out: 86400, a day.
    - `default`: what is decided then: `reject` or `approve`. An answer that does not fit its schema is rejected in any
      case. Left out: `reject`.

    Left out: no human review; a request that asks for it is refused.
  EOT
  type = object({
    answer_above    = optional(number, 0.8)
    fail_below      = optional(number, 0.3)
    timeout_seconds = optional(number, 86400)
    default         = optional(string, "reject")
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
    condition     = var.review == null || var.workflow.type == "STANDARD"
    error_message = "Human review needs workflow.type = \"STANDARD\": an EXPRESS execution ends after 300 s. Leave review out, or change the type."
  }
}
