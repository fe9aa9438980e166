# How functions are kept ready, and where they run. No local cloud has Application Auto Scaling: this is seen in the plan alone.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "by_default_nothing_is_kept_ready" {
  command = plan

  assert {
    condition = (
      length(aws_lambda_alias.live) == 0 && length(aws_lambda_provisioned_concurrency_config.this) == 0
      && alltrue([for function in aws_lambda_function.this : !function.publish && length(function.snap_start) == 0 && length(function.vpc_config) == 0])
    )
    error_message = "Nothing runs, and nothing is paid for, while nobody asks."
  }
}

run "provisioned_concurrency_follows_use_and_the_hours" {
  command = plan

  variables {
    functions = {
      provisioned_concurrency = {
        analyze      = { min = 1, max = 10, business_hours = { min = 5, timezone = "Europe/Berlin" } }
        invoke_model = { min = 2, max = 20, utilization = 0.5 }
      }
    }
  }

  assert {
    condition     = { for name, function in aws_lambda_function.this : name => true if function.publish } == { analyze = true, invoke_model = true }
    error_message = "Only a published version can be kept ready."
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.this["workflow"].definition).States.AnalyzeComplexity.Arguments.FunctionName == aws_lambda_alias.live["analyze"].arn
      && jsondecode(aws_sfn_state_machine.this["workflow"].definition).States.InvokeModel.Arguments.FunctionName == aws_lambda_alias.live["invoke_model"].arn
    )
    error_message = "What is kept ready must be what the workflow calls."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.workflow.statement : toset(statement.resources) if statement.sid == "RunFunctions"
      ]) == toset(concat(
      [for alias in aws_lambda_alias.live : alias.arn],
      [aws_lambda_function.this["record_answer"].arn, aws_lambda_function.this["plan_next_step"].arn],
    ))
    error_message = "Of a function that is kept ready the workflow may call the alias, and nothing beside it."
  }

  assert {
    condition = {
      for name, action in aws_appautoscaling_scheduled_action.this : name => "${action.schedule} ${action.timezone} ${action.scalable_target_action[0].min_capacity}"
      } == {
      analyze-begin = "cron(0 8 ? * MON-FRI *) Europe/Berlin 5"
      analyze-end   = "cron(0 18 ? * MON-FRI *) Europe/Berlin 1"
    }
    error_message = "The hours raise what is kept ready, and lower it again."
  }

  assert {
    condition     = aws_appautoscaling_policy.this["invoke_model"].target_tracking_scaling_policy_configuration[0].target_value == 0.5
    error_message = "More is kept ready as what is ready is used."
  }

  assert {
    condition = (
      aws_appautoscaling_target.steady["invoke_model"].max_capacity == 20
      && aws_appautoscaling_target.by_hours["analyze"].resource_id == "function:faregate-analyze:live"
    )
    error_message = "The targets are the aliases."
  }

  assert {
    condition = {
      for name, config in aws_lambda_provisioned_concurrency_config.this : name => config.provisioned_concurrent_executions
    } == { analyze = 1, invoke_model = 2 }
    error_message = "What is kept ready begins with the least."
  }
}

run "a_snapshot_is_of_a_published_version" {
  command = plan

  variables {
    functions = { snap_start = ["analyze"] }
  }

  assert {
    condition = (
      aws_lambda_function.this["analyze"].snap_start[0].apply_on == "PublishedVersions" && aws_lambda_function.this["analyze"].publish
      && jsondecode(aws_sfn_state_machine.this["workflow"].definition).States.AnalyzeComplexity.Arguments.FunctionName == aws_lambda_alias.live["analyze"].arn
    )
    error_message = "SnapStart works on versions, which the workflow must call."
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this["workflow"].definition).States.InvokeHaiku.Arguments.FunctionName == aws_lambda_function.this["invoke_model"].arn
    error_message = "The other function is called as before."
  }
}

run "in_a_vpc_lambda_makes_interfaces_and_the_code_may_not" {
  command = plan

  variables {
    functions = { vpc = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"] } }
  }

  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.vpc_config[0].subnet_ids == toset(["subnet-1", "subnet-2"])])
    error_message = "All functions run in the subnets given."
  }

  assert {
    condition = alltrue([
      for document in values(data.aws_iam_policy_document.function_runtime) : anytrue([
        for statement in document.statement :
        statement.effect == "Deny" && try(one(statement.condition).variable, "") == "lambda:SourceFunctionArn" && contains(statement.actions, "ec2:CreateNetworkInterface")
      ])
    ])
    error_message = "AWS advises that the function's own code be denied what Lambda needs."
  }
}

run "code_may_come_from_a_bucket" {
  command = plan

  variables {
    package = {
      bucket                  = { name = "artifacts", function_key = "function-1.zip", layer_key = "layer-1.zip", function_version = "v7" }
      code_signing_config_arn = "arn:aws:lambda:eu-central-1:123456789012:code-signing-config:csc-1"
    }
  }

  assert {
    condition = alltrue([
      for function in aws_lambda_function.this :
      function.s3_bucket == "artifacts" && function.s3_key == "function-1.zip" && function.s3_object_version == "v7" && function.filename == null
      && function.code_signing_config_arn == "arn:aws:lambda:eu-central-1:123456789012:code-signing-config:csc-1"
    ])
    error_message = "Functions take their code from the bucket, signed."
  }

  assert {
    condition     = aws_lambda_layer_version.provider_sdks.s3_key == "layer-1.zip" && aws_lambda_layer_version.provider_sdks.filename == null
    error_message = "So does the layer."
  }
}

run "bedrocks_bill_can_carry_the_tags" {
  command = plan

  variables {
    bedrock = { application_profiles = true }
    tags    = { cost-centre = "4711" }
  }

  assert {
    condition = {
      for id, profile in aws_bedrock_inference_profile.this : id => profile.model_source[0].copy_from
      } == {
      for id in ["eu.anthropic.claude-haiku-5-5", "eu.anthropic.claude-sonnet-5-5", "eu.anthropic.claude-sonnet-5"] :
      id => "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/${id}"
    }
    error_message = "Each Bedrock model that is called has a profile of the deployment's own."
  }

  assert {
    condition     = alltrue([for profile in aws_bedrock_inference_profile.this : profile.tags["cost-centre"] == "4711" && profile.tags["deployment"] == "faregate"])
    error_message = "The tags are why they are there."
  }

  assert {
    condition = (
      jsondecode(local.settings["invoke_model"].BEDROCK_PROFILES)["eu.anthropic.claude-sonnet-5"] == "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/made"
      && can(jsondecode(local.settings["analyze"].BEDROCK_PROFILES)["eu.anthropic.claude-haiku-5-5"])
      && jsondecode(local.settings["analyze"].FAREGATE_CONFIG).tiers.SIMPLE.model == "eu.anthropic.claude-haiku-5-5"
    )
    error_message = "Functions know a model by its own id, by which it is priced, and call its profile."
  }

  assert {
    condition = alltrue([
      for statement in concat(data.aws_iam_policy_document.invoke_model.statement, data.aws_iam_policy_document.accept.statement) :
      alltrue([for arn in statement.resources : strcontains(arn, ":application-inference-profile/") || strcontains(arn, "::foundation-model/")])
      if contains(statement.actions, "bedrock:InvokeModel")
    ])
    error_message = "What has a profile of its own is called by nothing else, or its cost would go untagged."
  }
}

run "what_cannot_scale_is_refused" {
  command = plan

  variables {
    functions = { provisioned_concurrency = { sweep = { min = 1, max = 2 } } }
  }

  expect_failures = [var.functions]
}

run "a_max_below_the_hours_is_refused" {
  command = plan

  variables {
    functions = { provisioned_concurrency = { analyze = { min = 1, max = 2, business_hours = { min = 5 } } } }
  }

  expect_failures = [var.functions]
}

run "snapshots_and_provisioned_concurrency_exclude_each_other" {
  command = plan

  variables {
    functions = { provisioned_concurrency = { analyze = { min = 1, max = 2 } }, snap_start = ["analyze"] }
  }

  expect_failures = [var.functions]
}

run "less_reserved_than_provisioned_is_refused" {
  command = plan

  variables {
    functions = { provisioned_concurrency = { analyze = { min = 1, max = 20 } }, reserved_concurrency = { analyze = 10 } }
  }

  expect_failures = [var.functions]
}

run "hours_that_are_no_cron_are_refused" {
  command = plan

  variables {
    functions = { provisioned_concurrency = { analyze = { min = 1, max = 5, business_hours = { min = 2, begin = "8 o'clock" } } } }
  }

  expect_failures = [var.functions]
}

run "a_vpc_without_subnets_and_code_from_two_places_are_refused" {
  command = plan

  variables {
    functions = { vpc = { subnet_ids = [], security_group_ids = ["sg-1"] } }
    package   = { function_zip = "./versions.tf", bucket = { name = "a", function_key = "b", layer_key = "c" }, code_signing_config_arn = "mine" }
  }

  expect_failures = [var.functions, var.package]
}
