locals {
  function_decide_agent = {
    description  = "Decides what a run of the agent does next, from the rows of its steps."
    handler      = "router.handlers.decide_agent.handler"
    timeout      = 60
    key_services = ["dynamodb", "s3"]
    called_by    = "agent"
    reads_steps  = true
  }

  decide_agent_environment = var.workflows.agent == null ? null : merge({
    USAGE_TABLE    = local.tables.usage.name
    ANSWERS_BUCKET = aws_s3_bucket.answers.id
    AGENT_TOOLS    = jsonencode(local.agent_tools)
  }, local.rates_environment)
}

# A run whose confidence is too low fails with its draft; an approved draft is an answer.
data "aws_iam_policy_document" "decide_agent" {
  count = var.workflows.agent == null ? 0 : 1

  statement {
    sid       = "ReadDrafts"
    actions   = ["s3:GetObject"]
    resources = ["${local.answers_bucket_arn}/drafts/*"]
  }
}

resource "aws_iam_role_policy" "decide_agent" {
  count = var.workflows.agent == null ? 0 : 1

  name   = "decide-agent"
  role   = aws_iam_role.function["decide_agent"].id
  policy = data.aws_iam_policy_document.decide_agent[0].json
}
