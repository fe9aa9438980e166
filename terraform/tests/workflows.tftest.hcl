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
      && length(setintersection(keys(aws_lambda_function.this), ["answer_question", "decide_agent", "ingest_document", "rank_variants"])) == 0
      && length(aws_s3_bucket.corpus) == 0
      && length(aws_cloudwatch_event_rule.document_changed) == 0
      && !contains(keys(aws_lambda_function.this["record_outcome"].environment[0].variables), "WORKFLOWS")
      && output.corpus == null
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
    workflows = { variants = { max_concurrency = 4, group_concurrency = 2 } }
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.this["variants"].definition).States.AskVariants.MaxConcurrency == 4
      && jsondecode(aws_sfn_state_machine.this["variants"].definition).States.AskGroups.MaxConcurrency == 2
      && jsondecode(aws_sfn_state_machine.this["variants"].definition).States.AskGroups.ItemProcessor.States.AskGroup.Arguments.StateMachineArn == "arn:aws:states:eu-central-1:123456789012:stateMachine:faregate-variants"
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
      RunFunctions = toset(["arn:aws:lambda:eu-central-1:123456789012:function:faregate-rank-variants"])
      # Of a file of variants: the list of its groups, and a run of this machine for each.
      StartGroups = toset(["arn:aws:states:eu-central-1:123456789012:stateMachine:faregate-variants"])
      WatchGroups = toset([
        "arn:aws:states:eu-central-1:123456789012:execution:faregate-variants:*",
        "arn:aws:states:eu-central-1:123456789012:execution:faregate-variants/AskGroups:*",
      ])
      RedriveGroups            = toset(["arn:aws:states:eu-central-1:123456789012:execution:faregate-variants/AskGroups:*"])
      ReadTheListOfGroups      = toset(["arn:aws:s3:::made-answers-1/runs/*/groups.json"])
      UseTheKeyThroughServices = toset([aws_kms_key.this[0].arn])
      AskTheRouter             = toset(["arn:aws:states:eu-central-1:123456789012:stateMachine:faregate"])
      FollowWhatItAsked        = toset(["arn:aws:states:eu-central-1:123456789012:execution:faregate:*"])
      HearOfItsEnd             = toset(["arn:aws:events:eu-central-1:123456789012:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"])
      EncryptExecutions        = toset([aws_kms_key.this[0].arn])
    }
    error_message = "The machine runs its function and the router, and itself for groups; a new right belongs here with its reason."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.rank_variants[0].statement : statement.sid => {
        actions = toset(statement.actions), resources = toset(statement.resources)
      }
      } == {
      ReadTheFileAndTheGroups = { actions = toset(["s3:GetObject"]), resources = toset(["arn:aws:s3:::made-answers-1/runs/*", "arn:aws:s3:::made-answers-1/variants/*"]) }
      WriteGroups             = { actions = toset(["s3:PutObject"]), resources = toset(["arn:aws:s3:::made-answers-1/runs/*"]) }
    }
    error_message = "The function reads files of variants, and writes what their groups came to."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.workflow_machine["variants"].statement : statement.sid => [for condition in statement.condition : toset(condition.values)]
      if contains(["UseTheKeyThroughServices", "EncryptExecutions"], statement.sid)
      } == {
      UseTheKeyThroughServices = [toset(["s3.eu-central-1.amazonaws.com"])]
      EncryptExecutions = [toset([
        "arn:aws:states:eu-central-1:123456789012:stateMachine:faregate-variants",
        "arn:aws:states:eu-central-1:123456789012:stateMachine:faregate-variants/AskGroups",
        "arn:aws:states:eu-central-1:123456789012:stateMachine:faregate",
      ])]
    }
    error_message = "The key serves the runs, their groups' runs and the list of groups alone."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.workflow_function.statement : statement.sid => {
        actions = toset(statement.actions), resources = toset(statement.resources)
      }
      } == {
      ReadStepsAndRecordTheRun = { actions = toset(["dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]), resources = toset([aws_dynamodb_table.usage[0].arn]) }
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

run "more_groups_at_a_time_than_a_set_has_is_refused" {
  command = plan
  variables {
    workflows = { variants = { group_concurrency = 51 } }
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

  module { source = "./tests/inputs" }

  variables {
    workflows = { agent = {} }
  }
  expect_failures = [var.workflows]
}

run "settings_of_the_agent_without_sense_are_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    review    = {}
    workflows = { agent = { tools = { "run sql" = "run-sql" }, max_concurrency = 0, step_timeout_seconds = 10 } }
  }
  expect_failures = [var.workflows]
}

run "rag_searches_the_corpus_by_words_and_may_do_no_more" {
  command = plan
  variables {
    workflows = { rag = {} }
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.answer_question[0].statement : statement.sid => {
        actions = toset(statement.actions), resources = toset(statement.resources)
      }
      } == {
      ReadChunks = { actions = toset(["s3:GetObject"]), resources = toset(["${aws_s3_bucket.corpus[0].arn}/chunks/*"]) }
      ListChunks = { actions = toset(["s3:ListBucket"]), resources = toset([aws_s3_bucket.corpus[0].arn]) }
    }
    error_message = "Without vectors, a Knowledge Base or a function of yours, the corpus is all that is read; a new right belongs here with its reason."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.workflow_machine["rag"].statement : statement.sid => toset(statement.resources)
      } == {
      RunFunctions      = toset(["arn:aws:lambda:eu-central-1:123456789012:function:faregate-answer-question"])
      AskTheRouter      = toset(["arn:aws:states:eu-central-1:123456789012:stateMachine:faregate"])
      FollowWhatItAsked = toset(["arn:aws:states:eu-central-1:123456789012:execution:faregate:*"])
      HearOfItsEnd      = toset(["arn:aws:events:eu-central-1:123456789012:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"])
      EncryptExecutions = toset([aws_kms_key.this[0].arn])
    }
    error_message = "The machine runs its function and the router, and nothing else."
  }

  assert {
    condition = (
      jsondecode(aws_lambda_function.this["answer_question"].environment[0].variables.RETRIEVERS) == { keywords = {} }
      && length(aws_s3_bucket_notification.corpus) == 0
      && aws_s3_bucket_versioning.corpus[0].versioning_configuration[0].status == "Enabled"
      && aws_s3_bucket_public_access_block.corpus[0].restrict_public_buckets
      && toset([for name in keys(aws_cloudwatch_metric_alarm.this) : name if startswith(name, "rag")]) == toset(["rag-failed", "rag-timed-out"])
    )
    error_message = "The corpus is private and versioned; nothing waits for documents; runs that fail raise an alarm."
  }
}

run "each_retriever_brings_its_own_right" {
  command = plan
  variables {
    workflows = {
      rag = {
        vectors           = { index_arn = "arn:aws:s3vectors:eu-central-1:123456789012:bucket/v/index/i", dimensions = 512 }
        knowledge_base_id = "KB12345678"
        retriever_arn     = "arn:aws:lambda:eu-central-1:123456789012:function:retrieve"
      }
    }
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.answer_question[0].statement : statement.sid => {
        actions = toset(statement.actions), resources = toset(statement.resources)
      } if !endswith(statement.sid, "Chunks")
      } == {
      EmbedText           = { actions = toset(["bedrock:InvokeModel"]), resources = toset(["arn:aws:bedrock:eu-central-1::foundation-model/amazon.titan-embed-text-v2:0"]) }
      FindNearVectors     = { actions = toset(["s3vectors:QueryVectors"]), resources = toset(["arn:aws:s3vectors:eu-central-1:123456789012:bucket/v/index/i"]) }
      AskTheKnowledgeBase = { actions = toset(["bedrock:Retrieve"]), resources = toset(["arn:aws:bedrock:eu-central-1:123456789012:knowledge-base/KB12345678"]) }
      AskYourRetriever    = { actions = toset(["lambda:InvokeFunction"]), resources = toset(["arn:aws:lambda:eu-central-1:123456789012:function:retrieve"]) }
    }
    error_message = "A retriever that is set may be asked, and no other."
  }

  assert {
    condition = aws_lambda_function.this["answer_question"].environment[0].variables.RETRIEVERS == jsonencode({
      function       = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:retrieve" }
      keywords       = {}
      knowledge_base = { id = "KB12345678" }
      vectors        = { dimensions = "512", index_arn = "arn:aws:s3vectors:eu-central-1:123456789012:bucket/v/index/i" }
    })
    error_message = "The function knows the retrievers that are set."
  }
}

run "rag_without_a_retriever_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    workflows = { rag = { keywords = false } }
  }
  expect_failures = [var.workflows]
}

run "vectors_of_other_dimensions_are_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    workflows = { rag = { vectors = { index_arn = "arn:aws:s3vectors:eu-central-1:123456789012:bucket/v/index/i", dimensions = 300 } } }
  }
  expect_failures = [var.workflows]
}

run "a_knowledge_base_by_its_name_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    workflows = { rag = { knowledge_base_id = "my-base" } }
  }
  expect_failures = [var.workflows]
}

run "a_retriever_that_is_no_function_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    workflows = { rag = { retriever_arn = "retrieve" } }
  }
  expect_failures = [var.workflows]
}

run "documents_fill_the_corpus_and_may_do_no_more" {
  command = plan
  variables {
    workflows = {
      rag       = { vectors = { index_arn = "arn:aws:s3vectors:eu-central-1:123456789012:bucket/v/index/i" } }
      documents = { analysis = "Say what it is about.", topic_arn = "arn:aws:sns:eu-central-1:123456789012:team" }
    }
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.ingest_document[0].statement : statement.sid => {
        actions = toset(statement.actions), resources = toset(statement.resources)
      }
      } == {
      ReadDocuments    = { actions = toset(["s3:GetObject"]), resources = toset(["${aws_s3_bucket.corpus[0].arn}/documents/*"]) }
      ReplaceChunks    = { actions = toset(["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]), resources = toset(["${aws_s3_bucket.corpus[0].arn}/chunks/*"]) }
      SeeWhatIsMissing = { actions = toset(["s3:ListBucket"]), resources = toset([aws_s3_bucket.corpus[0].arn]) }
      StartRuns        = { actions = toset(["states:StartExecution"]), resources = toset(["arn:aws:states:eu-central-1:123456789012:stateMachine:faregate-documents"]) }
      EmbedText        = { actions = toset(["bedrock:InvokeModel"]), resources = toset(["arn:aws:bedrock:eu-central-1::foundation-model/amazon.titan-embed-text-v2:0"]) }
      ReplaceVectors   = { actions = toset(["s3vectors:DeleteVectors", "s3vectors:PutVectors"]), resources = toset(["arn:aws:s3vectors:eu-central-1:123456789012:bucket/v/index/i"]) }
    }
    error_message = "The function reads documents and replaces what comes of them; a new right belongs here with its reason."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.workflow_machine["documents"].statement : statement.sid => toset(statement.resources)
      if contains(["RunFunctions", "PutFailuresAside", "PublishTheEnd"], statement.sid)
      } == {
      RunFunctions     = toset(["arn:aws:lambda:eu-central-1:123456789012:function:faregate-ingest-document"])
      PutFailuresAside = toset(["arn:aws:sqs:eu-central-1:123456789012:faregate-failures"])
      PublishTheEnd    = toset(["arn:aws:sns:eu-central-1:123456789012:team"])
    }
    error_message = "The machine runs its function, puts failures aside, and publishes on the topic that is set."
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.this["documents"].definition).States.FinishDocument.Next == "NotifyFinished"
      && !contains(keys(jsondecode(aws_sfn_state_machine.this["documents"].definition).States.FinishDocument), "End")
      && aws_lambda_function.this["ingest_document"].environment[0].variables.ANALYSIS == "Say what it is about."
      && aws_lambda_function.this["ingest_document"].environment[0].variables.NOTIFIES == "true"
      && aws_s3_bucket_notification.corpus[0].eventbridge
      && jsondecode(aws_cloudwatch_event_rule.document_changed[0].event_pattern).detail.object.key[0].prefix == "documents/"
      && length(aws_cloudwatch_event_target.ingest_document[0].dead_letter_config) == 1
    )
    error_message = "What is put under documents/ starts a run, whose end is published."
  }
}

run "a_run_that_nobody_ended_is_closed_by_event_and_by_sweep" {
  command = plan

  variables {
    workflows = { rag = {}, agent = {} }
    review    = {}
    functions = { memory_mb = { answer_question = 1024 } }
  }

  assert {
    condition = toset(jsondecode(aws_cloudwatch_event_rule.execution_ended_badly.event_pattern).detail.stateMachineArn) == toset([
      "arn:aws:states:eu-central-1:123456789012:stateMachine:faregate",
      "arn:aws:states:eu-central-1:123456789012:stateMachine:faregate-agent",
      "arn:aws:states:eu-central-1:123456789012:stateMachine:faregate-rag",
    ])
    error_message = "The rule hears of the router's machine and of each workflow that is there."
  }

  assert {
    condition = jsondecode(aws_lambda_function.this["record_outcome"].environment[0].variables.WORKFLOWS) == {
      faregate-agent = { name = "agent", memory_mb = 256 }
      faregate-rag   = { name = "rag", memory_mb = 1024 }
    }
    error_message = "record_outcome knows each workflow by its machine, with the memory of its function."
  }

  assert {
    condition = alltrue([
      for document in [data.aws_iam_policy_document.record_outcome, data.aws_iam_policy_document.sweep] :
      toset(one([for statement in document.statement : statement.resources if statement.sid == "ReadTheExecution"])) == toset([
        "arn:aws:states:eu-central-1:123456789012:execution:faregate:*",
        "arn:aws:states:eu-central-1:123456789012:execution:faregate-agent:*",
        "arn:aws:states:eu-central-1:123456789012:execution:faregate-rag:*",
      ])
    ])
    error_message = "Both read the ends of these machines' runs, and of no others."
  }
}

run "documents_may_be_ingested_into_a_knowledge_base" {
  command = plan
  variables {
    workflows = { rag = {}, documents = { knowledge_base = { id = "KB12345678", data_source_id = "DS12345678" } } }
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.this["documents"].definition).States.IndexDocument.Next == "IngestSource"
      && jsondecode(aws_sfn_state_machine.this["documents"].definition).States.IsIngested.Choices[0].Next == "AnyAnalysis"
      && jsondecode(aws_lambda_function.this["ingest_document"].environment[0].variables.KNOWLEDGE_BASE) == { id = "KB12345678", data_source_id = "DS12345678" }
    )
    error_message = "A run waits for a job of the source before anything else is done with its document."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.ingest_document[0].statement : [toset(statement.actions), toset(statement.resources)]
      if statement.sid == "IngestIntoTheKnowledgeBase"
      ]) == [
      toset(["bedrock:GetIngestionJob", "bedrock:ListIngestionJobs", "bedrock:StartIngestionJob"]),
      toset(["arn:aws:bedrock:eu-central-1:123456789012:knowledge-base/KB12345678"]),
    ]
    error_message = "Jobs of this Knowledge Base, and of no other."
  }
}

run "scanned_pages_are_read_on_request" {
  command = plan
  variables {
    workflows = { rag = {}, documents = { scanned_pages = { most_pages = 20 }, max_cost_usd = 0.5 } }
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.this["documents"].definition).States.IndexDocument.Next == "AnyPages"
      && jsondecode(aws_sfn_state_machine.this["documents"].definition).States.AnyPages.Default == "AnyAnalysis"
      && jsondecode(aws_sfn_state_machine.this["documents"].definition).States.ReadPages.ItemProcessor.States.AskForPages.Arguments.StateMachineArn == "arn:aws:states:eu-central-1:123456789012:stateMachine:faregate"
      && jsondecode(aws_lambda_function.this["ingest_document"].environment[0].variables.SCANNED_PAGES) == { tier = "SIMPLE", most_pages = 20 }
      && aws_lambda_function.this["ingest_document"].environment[0].variables.MAX_COST_USD == "0.5"
    )
    error_message = "Each few pages are a child run of the router, under the limit of the run."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.ingest_document[0].statement : [toset(statement.actions), toset(statement.resources)]
      if statement.sid == "HandPagesToTheRouter"
    ]) == [toset(["s3:PutObject"]), toset(["arn:aws:s3:::made-answers-1/uploads/default/*"])]
    error_message = "The function puts pages where the router finds files of the default tenant, and nowhere else."
  }
}

run "pages_are_read_before_a_knowledge_base_is_told" {
  command = plan
  variables {
    workflows = { rag = {}, documents = { scanned_pages = {}, knowledge_base = { id = "KB12345678", data_source_id = "DS12345678" } } }
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.this["documents"].definition).States.IndexDocument.Next == "AnyPages"
      && jsondecode(aws_sfn_state_machine.this["documents"].definition).States.AnyPages.Default == "IngestSource"
    )
    error_message = "The source is ingested once there is nothing left to read."
  }
}

run "pages_of_no_tier_are_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    workflows = { rag = {}, documents = { scanned_pages = { tier = "CHEAP" } } }
  }
  expect_failures = [var.workflows]
}

run "a_limit_that_is_no_amount_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    workflows = { rag = {}, documents = { max_cost_usd = 0 } }
  }
  expect_failures = [var.workflows]
}

run "an_id_that_is_none_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    workflows = { rag = {}, documents = { knowledge_base = { id = "handbook", data_source_id = "DS12345678" } } }
  }
  expect_failures = [var.workflows]
}

run "without_a_topic_no_state_publishes" {
  command = plan
  variables {
    workflows = { rag = {}, documents = {} }
  }

  assert {
    condition = (
      length(setintersection(keys(jsondecode(aws_sfn_state_machine.this["documents"].definition).States), ["NotifyFinished", "NoticeFailed", "IngestSource", "IsIngested", "WaitForIngestion", "AnyPages", "ReadPages"])) == 0
      && jsondecode(aws_sfn_state_machine.this["documents"].definition).States.IndexDocument.Next == "AnyAnalysis"
      && jsondecode(aws_sfn_state_machine.this["documents"].definition).States.FinishDocument.End
      && !contains([for statement in data.aws_iam_policy_document.workflow_machine["documents"].statement : statement.sid], "PublishTheEnd")
      && length(setintersection([for statement in data.aws_iam_policy_document.ingest_document[0].statement : statement.sid], ["EmbedText", "HandPagesToTheRouter"])) == 0
      && length(setintersection(keys(aws_lambda_function.this["ingest_document"].environment[0].variables), ["SCANNED_PAGES", "MAX_COST_USD"])) == 0
      && !contains(keys(aws_lambda_function.this["ingest_document"].environment[0].variables), "NOTIFIES")
      && !contains(keys(aws_lambda_function.this["ingest_document"].environment[0].variables), "KNOWLEDGE_BASE")
    )
    error_message = "What is not set may not be used."
  }
}

run "documents_without_their_reader_are_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    workflows = { documents = {} }
  }
  expect_failures = [var.workflows]
}

run "a_topic_that_is_none_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    workflows = { rag = {}, documents = { topic_arn = "team" } }
  }
  expect_failures = [var.workflows]
}
