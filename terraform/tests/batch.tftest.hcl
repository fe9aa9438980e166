# The batch as an entry point: what `batch` makes, and that nothing is made without it.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
  batch   = {}
}

run "without_the_switch_nothing_is_made" {
  command = plan

  variables {
    batch = null
  }

  assert {
    condition = (
      length([for name in concat(keys(aws_sfn_state_machine.this), keys(aws_iam_role.state_machine), keys(aws_cloudwatch_log_group.state_machine)) : name if name == "batch"]) + length([for name in keys(aws_cloudwatch_metric_alarm.this) : name if startswith(name, "batch-")]) == 0
      && length(setintersection(keys(aws_lambda_function.this), ["split_batch", "run_chunk", "finish_batch"])) == 0
      && output.batch == null
    )
    error_message = "An entry point that nobody asked for is one to guard."
  }
}

run "the_settings_reach_the_map" {
  command = plan

  variables {
    batch = { concurrency = 250, tolerated_failure_percentage = 3 }
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.this["batch"].definition).States.RunChunks.MaxConcurrency == 25
      && jsondecode(aws_sfn_state_machine.this["batch"].definition).States.RunChunks.ToleratedFailurePercentage == 3
    )
    error_message = "Ten prompts of each chunk run at a time, so 250 are 25 chunks."
  }

  assert {
    condition     = !strcontains(aws_sfn_state_machine.this["batch"].definition, "$${")
    error_message = "A hole of the definition was left open."
  }

  assert {
    condition     = aws_sfn_state_machine.this["batch"].type == "STANDARD" && jsondecode(aws_sfn_state_machine.this["batch"].definition).States.RunChunks.ItemProcessor.ProcessorConfig == { Mode = "DISTRIBUTED", ExecutionType = "STANDARD" }
    error_message = "A chunk takes longer than an Express execution may."
  }
}

run "a_batch_is_encrypted_confined_and_told_of_if_it_fails" {
  command = plan

  # The machine is encrypted and logs no text.
  assert {
    condition = (
      aws_sfn_state_machine.this["batch"].encryption_configuration[0].kms_key_id == aws_kms_key.this[0].arn
      && aws_cloudwatch_log_group.state_machine["batch"].kms_key_id == aws_kms_key.this[0].arn
      && !aws_sfn_state_machine.this["batch"].logging_configuration[0].include_execution_data
      && aws_sfn_state_machine.this["batch"].tracing_configuration[0].enabled
    )
    error_message = "The second machine keeps the promises of the first."
  }

  # Each role names what it may touch.
  assert {
    condition = toset(flatten([
      for policy, document in {
        batch        = data.aws_iam_policy_document.batch[0]
        split_batch  = data.aws_iam_policy_document.split_batch[0]
        run_chunk    = data.aws_iam_policy_document.run_chunk[0]
        finish_batch = data.aws_iam_policy_document.finish_batch[0]
      } :
      [for statement in document.statement : "${policy}.${statement.sid}" if contains(statement.resources, "*")]
    ])) == toset([])
    error_message = "A statement over all resources was added."
  }

  assert {
    condition = alltrue([
      for statement in concat(
        data.aws_iam_policy_document.split_batch[0].statement,
        data.aws_iam_policy_document.run_chunk[0].statement,
        data.aws_iam_policy_document.finish_batch[0].statement,
      ) :
      alltrue([for resource in statement.resources : strcontains(resource, "/batches/")]) if alltrue([for action in statement.actions : startswith(action, "s3:") && endswith(action, "Object")])
    ])
    error_message = "Answers of other entry points lie in the same bucket: a batch reaches below batches/ alone."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.batch[0].statement : tolist(statement.resources) if contains(statement.actions, "states:StartExecution")
    ]) == tolist(["arn:aws:states:eu-central-1:123456789012:stateMachine:faregate-batch"])
    error_message = "The Map starts children of its own machine; prompts are started by run_chunk."
  }

  # A batch that fails or times out is told.
  assert {
    condition = alltrue([
      for name in ["batch-failed", "batch-timed-out"] :
      aws_cloudwatch_metric_alarm.this[name].dimensions == tomap({ StateMachineArn = "arn:aws:states:eu-central-1:123456789012:stateMachine:faregate-batch" })
      && strcontains(aws_cloudwatch_metric_alarm.this[name].alarm_description, "docs/runbook.md#alarm-batch-failed")
    ])
    error_message = "Both alarms are of the batch's machine, and have one section of the runbook."
  }
}

run "express_without_text_has_no_answers_to_collect" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    workflow = { type = "EXPRESS" }
    privacy  = { store_text = false }
  }

  expect_failures = [var.batch]
}

run "settings_without_sense_are_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    batch = { concurrency = 15, tolerated_failure_percentage = 101 }
  }

  expect_failures = [var.batch]
}

run "a_log_group_of_your_own_is_the_machines" {
  command = plan

  variables {
    batch = {}
    logs  = { groups = { batch = "/aws/vendedlogs/states/ours" } }
  }

  assert {
    condition = (
      keys(aws_cloudwatch_log_group.state_machine) == ["workflow"]
      && aws_sfn_state_machine.this["batch"].logging_configuration[0].log_destination == "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vendedlogs/states/ours:*"
    )
    error_message = "No second group is made, and the machine logs to the one that is given."
  }
}

run "each_machine_runs_as_a_role_that_it_alone_may_take" {
  command = plan

  variables {
    batch = {}
  }

  assert {
    condition = {
      for name, document in data.aws_iam_policy_document.state_machine_trust : name => {
        for condition in one(document.statement).condition : condition.variable => toset(condition.values)
      }
      } == {
      workflow = {
        "aws:SourceAccount" = toset(["123456789012"])
        "aws:SourceArn"     = toset(["arn:aws:states:eu-central-1:123456789012:stateMachine:faregate"])
      }
      batch = {
        "aws:SourceAccount" = toset(["123456789012"])
        "aws:SourceArn" = toset([
          "arn:aws:states:eu-central-1:123456789012:stateMachine:faregate-batch", "arn:aws:states:eu-central-1:123456789012:stateMachine:faregate-batch/*",
        ])
      }
    }
    error_message = "Another machine of the account must not get the rights of this one; children of a Map run under its name."
  }
}

run "a_redrive_may_run_the_children_again" {
  command = plan

  variables {
    batch = {}
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.batch[0].statement : tolist(statement.resources) if contains(statement.actions, "states:RedriveExecution")
    ]) == tolist(["arn:aws:states:eu-central-1:123456789012:execution:faregate-batch/*"])
    error_message = "Children of a Map run as executions of <machine>/<Map>."
  }
}
