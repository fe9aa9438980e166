# Workflows on top of the router: each is there if it is asked for, with what it needs and no more.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "by_default_there_is_none" {
  command = plan

  assert {
    condition = (
      keys(aws_sfn_state_machine.this) == ["workflow"]
      && length(aws_iam_role_policy.workflow_machine) == 0
      && length(aws_iam_role_policy.workflow_function) == 0
      && length(setintersection(keys(aws_lambda_function.this), ["decide_agent", "rank_variants"])) == 0
      && keys(aws_iam_role.state_machine) == ["workflow"]
      && length([for name in keys(aws_cloudwatch_metric_alarm.this) : name if startswith(name, "variants") || startswith(name, "agent")]) == 0
      && length(output.workflows) == 0
    )
    error_message = "A deployment without workflows has no machine, function, role, right or alarm of one."
  }
}

run "variants_is_a_machine_on_the_router" {
  command = plan

  variables {
    workflows = { variants = { max_concurrency = 4 } }
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.this["variants"].definition).States.AskVariants.MaxConcurrency == 4
      && jsondecode(aws_sfn_state_machine.this["variants"].definition).States.AskVariants.ItemProcessor.States.AskVariant.Arguments.StateMachineArn == "arn:aws:states:eu-central-1:123456789012:stateMachine:faregate"
      && aws_sfn_state_machine.this["variants"].type == "STANDARD"
      && aws_sfn_state_machine.this["variants"].encryption_configuration[0].type == "CUSTOMER_MANAGED_KMS_KEY"
      && aws_sfn_state_machine.this["variants"].logging_configuration[0].include_execution_data == false
    )
    error_message = "Every request of a run is a child run of the router."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.workflow_machine["variants"].statement : statement.sid => toset(statement.resources)
      } == {
      RunFunctions      = toset(["arn:aws:lambda:eu-central-1:123456789012:function:faregate-rank-variants"])
      AskTheRouter      = toset(["arn:aws:states:eu-central-1:123456789012:stateMachine:faregate"])
      FollowWhatItAsked = toset(["arn:aws:states:eu-central-1:123456789012:execution:faregate:*"])
      HearOfItsEnd      = toset(["arn:aws:events:eu-central-1:123456789012:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"])
      EncryptExecutions = toset([aws_kms_key.this[0].arn])
    }
    error_message = "The machine runs its function and the router, and nothing else; a new right belongs here with its reason."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.workflow_function.statement : statement.sid => {
        actions = toset(statement.actions), resources = toset(statement.resources)
      }
      } == {
      ReadStepsAndRecordTheRun = { actions = toset(["dynamodb:PutItem", "dynamodb:Query"]), resources = toset([aws_dynamodb_table.usage[0].arn]) }
      ReadLargeAnswers         = { actions = toset(["s3:GetObject"]), resources = toset(["arn:aws:s3:::made-answers-1/answers/*"]) }
      SeeWhatIsMissing         = { actions = toset(["s3:ListBucket"]), resources = toset(["arn:aws:s3:::made-answers-1"]) }
    }
    error_message = "The function reads steps and puts the run's own row."
  }

  assert {
    condition     = toset([for name in keys(aws_cloudwatch_metric_alarm.this) : name if startswith(name, "variants")]) == toset(["variants-failed", "variants-timed-out"])
    error_message = "Runs that fail, or take too long, raise an alarm."
  }
}

run "without_a_scorer_no_state_calls_one" {
  command = plan
  variables {
    workflows = { variants = {} }
  }

  assert {
    condition = (
      length(setintersection(keys(jsondecode(aws_sfn_state_machine.this["variants"].definition).States.AskVariants.ItemProcessor.States), ["ScoreVariant", "VariantUnscored"])) == 0
      && jsondecode(aws_sfn_state_machine.this["variants"].definition).States.AskVariants.ItemProcessor.States.AskVariant.End
      && !contains(keys(aws_lambda_function.this["rank_variants"].environment[0].variables), "SCORER")
    )
    error_message = "The judge compares the answers."
  }
}

run "a_scorer_of_your_own_gets_each_answer" {
  command = plan
  variables {
    workflows = { variants = { scorer_arn = "arn:aws:lambda:eu-central-1:123456789012:function:score" } }
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.this["variants"].definition).States.AskVariants.ItemProcessor.States.AskVariant.Next == "ScoreVariant"
      && !contains(keys(jsondecode(aws_sfn_state_machine.this["variants"].definition).States.AskVariants.ItemProcessor.States.AskVariant), "End")
      && jsondecode(aws_sfn_state_machine.this["variants"].definition).States.AskVariants.ItemProcessor.States.ScoreVariant.Arguments.FunctionName == "arn:aws:lambda:eu-central-1:123456789012:function:score"
      && aws_lambda_function.this["rank_variants"].environment[0].variables.SCORER == "true"
      && contains(flatten([for statement in data.aws_iam_policy_document.workflow_machine["variants"].statement : tolist(statement.resources) if statement.sid == "ScoreAnswers"]), "arn:aws:lambda:eu-central-1:123456789012:function:score")
    )
    error_message = "Each answer goes to the scorer, which the machine may call."
  }
}

run "a_scorer_that_is_no_function_is_refused" {
  command = plan
  variables {
    workflows = { variants = { scorer_arn = "score" } }
  }
  expect_failures = [var.workflows]
}

run "workflows_need_the_texts_of_their_steps" {
  command = plan
  variables {
    workflows = { variants = {} }
    privacy   = { store_text = false }
  }
  expect_failures = [var.workflows]
}

run "more_at_a_time_than_an_inline_map_runs_is_refused" {
  command = plan
  variables {
    workflows = { variants = { max_concurrency = 41 } }
  }
  expect_failures = [var.workflows]
}

run "agent_is_a_machine_on_the_router_with_its_tools" {
  command = plan
  variables {
    review    = { timeout_seconds = 7200 }
    workflows = { agent = { tools = { run_sql = "arn:aws:lambda:eu-central-1:123456789012:function:run-sql" }, max_concurrency = 4, step_timeout_seconds = 120 } }
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.this["agent"].definition).States.RunSteps.MaxConcurrency == 4
      && jsondecode(aws_sfn_state_machine.this["agent"].definition).States.RunSteps.ItemProcessor.States.AskWorker.TimeoutSeconds == 120
      && jsondecode(aws_sfn_state_machine.this["agent"].definition).States.RunSteps.ItemProcessor.States.CallTool.TimeoutSeconds == 120
      && jsondecode(aws_sfn_state_machine.this["agent"].definition).States.AskPlanner.Arguments.StateMachineArn == "arn:aws:states:eu-central-1:123456789012:stateMachine:faregate"
      && jsondecode(aws_sfn_state_machine.this["agent"].definition).TimeoutSeconds == 7200 + 7200
      && aws_lambda_function.this["decide_agent"].environment[0].variables.AGENT_TOOLS == "{\"run_sql\":\"arn:aws:lambda:eu-central-1:123456789012:function:run-sql\"}"
      && keys(output.workflows) == ["agent"]
    )
    error_message = "Steps have a limit of their own, and a reviewer's time comes on top of the run's."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.workflow_machine["agent"].statement : statement.sid => toset(statement.resources)
      } == {
      RunFunctions      = toset(["arn:aws:lambda:eu-central-1:123456789012:function:faregate-decide-agent"])
      CallYourTools     = toset(["arn:aws:lambda:eu-central-1:123456789012:function:run-sql"])
      AskTheRouter      = toset(["arn:aws:states:eu-central-1:123456789012:stateMachine:faregate"])
      FollowWhatItAsked = toset(["arn:aws:states:eu-central-1:123456789012:execution:faregate:*"])
      HearOfItsEnd      = toset(["arn:aws:events:eu-central-1:123456789012:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"])
      EncryptExecutions = toset([aws_kms_key.this[0].arn])
    }
    error_message = "The machine runs its function, the router and the tools that are named, and nothing else."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.decide_agent[0].statement : statement.sid => toset(concat(tolist(statement.actions), tolist(statement.resources)))
    } == { ReadDrafts = toset(["s3:GetObject", "arn:aws:s3:::made-answers-1/drafts/*"]) }
    error_message = "Beside the rows of its steps, the function reads the draft that a run fails with."
  }

  assert {
    condition     = toset([for name in keys(aws_cloudwatch_metric_alarm.this) : name if startswith(name, "agent")]) == toset(["agent-failed", "agent-timed-out"])
    error_message = "Runs that fail, or take too long, raise an alarm."
  }
}

run "without_tools_no_state_calls_one" {
  command = plan
  variables {
    review    = {}
    workflows = { agent = {} }
  }

  assert {
    condition = (
      length(setintersection(keys(jsondecode(aws_sfn_state_machine.this["agent"].definition).States.RunSteps.ItemProcessor.States), ["CallTool", "ReadToolResult"])) == 0
      && jsondecode(aws_sfn_state_machine.this["agent"].definition).States.RunSteps.ItemProcessor.States.WhichWorker.Next == "AskWorker"
      && !contains([for statement in data.aws_iam_policy_document.workflow_machine["agent"].statement : statement.sid], "CallYourTools")
    )
    error_message = "The machine may call no function of yours."
  }
}

run "an_agent_without_reviewers_is_refused" {
  command = plan
  variables {
    workflows = { agent = {} }
  }
  expect_failures = [var.workflows]
}

run "settings_of_the_agent_without_sense_are_refused" {
  command = plan
  variables {
    review    = {}
    workflows = { agent = { tools = { "run sql" = "run-sql" }, max_concurrency = 0, step_timeout_seconds = 10 } }
  }
  expect_failures = [var.workflows]
}
