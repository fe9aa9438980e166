locals {
  function_plan_next_step = {
    description  = "Decides what follows a call that did not answer; records a run that failed."
    handler      = "router.handlers.plan_next_step.handler"
    timeout      = 25
    key_services = ["dynamodb"]
    called_by    = "workflow"
  }

  plan_next_step_environment = {
    USAGE_TABLE = local.tables.usage.name
  }
}

data "aws_iam_policy_document" "plan_next_step" {
  # A function may die after it has recorded the end of its run.
  statement {
    sid       = "SeeWhatIsRecorded"
    actions   = ["dynamodb:Query"]
    resources = [local.tables.usage.arn]
  }

  statement {
    sid       = "RecordTheEnd"
    actions   = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [local.tables.usage.arn]
  }
}

resource "aws_iam_role_policy" "plan_next_step" {
  name   = "plan-next-step"
  role   = aws_iam_role.function["plan_next_step"].id
  policy = data.aws_iam_policy_document.plan_next_step.json
}
