# The workflow `agent`: asl/agent.asl.json.

locals {
  agent_tools = try(var.workflows.agent.tools, {})

  agent_template = var.workflows.agent == null ? null : jsondecode(templatefile("${path.module}/../asl/agent.asl.json", {
    partition        = local.partition
    decide_agent_arn = aws_lambda_function.this["decide_agent"].arn
    router_arn       = local.state_machine_arn
  }))

  # Without tools no state calls any.
  tool_states = ["CallTool", "ReadToolResult"]
  agent_items = {
    for name, state in try(local.agent_template.States.RunSteps.ItemProcessor.States, {}) : name => jsondecode(
      contains(["AskWorker", "CallTool"], name) ? jsonencode(merge(state, { TimeoutSeconds = var.workflows.agent.step_timeout_seconds })) :
      name == "WhichWorker" && length(local.agent_tools) == 0 ? jsonencode({
        Comment = state.Comment, Type = "Pass", Next = state.Default
      }) :
      jsonencode(state)
    ) if length(local.agent_tools) > 0 || !contains(local.tool_states, name)
  }

  agent_definition = var.workflows.agent == null ? null : jsonencode(merge(local.agent_template, {
    States = merge(local.agent_template.States, {
      RunSteps = merge(local.agent_template.States.RunSteps, {
        MaxConcurrency = var.workflows.agent.max_concurrency
        ItemProcessor  = merge(local.agent_template.States.RunSteps.ItemProcessor, { States = local.agent_items })
      })
    })
    # Waiting for a reviewer does not count towards an execution's own time limit.
    TimeoutSeconds = local.agent_template.TimeoutSeconds + local.review_seconds
  }))

  agent_rights = [
    for arns in [sort(distinct(values(local.agent_tools)))] :
    { sid = "CallYourTools", actions = ["lambda:InvokeFunction"], resources = arns } if length(arns) > 0
  ]
}
