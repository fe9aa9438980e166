# What the functions have in common. Each has a file of its own, function_<name>.tf: its entry, its environment, what it may do, what
# starts it.

locals {
  # A model's read time-out < its function's time-out < the 300 s of the state that calls it.
  model_timeout_seconds = 240

  # All functions that the module can create. Entries depend on no input, so that inputs can be validated against them.
  known_functions = {
    for name, entry in {
      analyze         = local.function_analyze
      invoke_model    = local.function_invoke_model
      record_answer   = local.function_record_answer
      plan_next_step  = local.function_plan_next_step
      await_review    = local.function_await_review
      record_outcome  = local.function_record_outcome
      price_rows      = local.function_price_rows
      sweep           = local.function_sweep
      sync_api_key    = local.function_sync_api_key
      watch_models    = local.function_watch_models
      api             = local.function_api
      converse        = local.function_converse
      authorize       = local.function_authorize
      websocket       = local.function_websocket
      push_outcome    = local.function_push_outcome
      ingest          = local.function_ingest
      split_batch     = local.function_split_batch
      run_chunk       = local.function_run_chunk
      finish_batch    = local.function_finish_batch
      rank_variants   = local.function_rank_variants
      duplicate       = local.function_duplicate
      decide_agent    = local.function_decide_agent
      answer_question = local.function_answer_question
      ingest_document = local.function_ingest_document
      } : name => merge(
      {
        memory       = 256
        key_services = []    # services that decrypt with the function's permission
        called_by    = ""    # `workflow`, `batch`, `gateway`, `websocket`, or the name of a workflow
        reads_steps  = false # decides for a workflow on top, from the rows of its steps
        # Source of what goes to the failures queue if the function fails: `events` or `stream`.
        failures_aside = ""
        notifies       = false # publishes to the topic of failed requests
        provider_sdks  = false
      },
      entry,
    )
  }

  # A function whose environment is null is not created.
  environments = {
    analyze         = local.analyze_environment
    invoke_model    = merge(local.invoke_model_environment, local.websocket_push_environment)
    record_answer   = local.record_answer_environment
    plan_next_step  = local.plan_next_step_environment
    await_review    = local.await_review_environment
    record_outcome  = local.record_outcome_environment
    price_rows      = local.price_rows_environment
    sweep           = local.sweep_environment
    sync_api_key    = local.sync_api_key_environment
    watch_models    = local.watch_models_environment
    api             = local.api_environment
    converse        = local.converse_environment
    authorize       = local.authorize_environment
    websocket       = local.websocket_environment
    push_outcome    = local.push_outcome_environment
    ingest          = local.ingest_environment
    split_batch     = local.split_batch_environment
    run_chunk       = local.run_chunk_environment
    finish_batch    = local.finish_batch_environment
    rank_variants   = local.rank_variants_environment
    duplicate       = local.duplicate_environment
    decide_agent    = local.decide_agent_environment
    answer_question = local.answer_question_environment
    ingest_document = local.ingest_document_environment
  }

  functions = {
    for name, function in local.known_functions : name => merge(function, { environment = local.environments[name] })
    if local.environments[name] != null
  }

  reserved_concurrency = merge(
    var.functions.reserved_concurrency, { for most in try(var.api.max_concurrent, null)[*] : "converse" => most },
  )

  function_names = { for name, function in local.functions : name => "${var.name}-${replace(name, "_", "-")}" }

  powertools = {
    for name in keys(local.functions) : name => {
      LOG_LEVEL                    = var.functions.log_level
      POWERTOOLS_SERVICE_NAME      = name
      POWERTOOLS_METRICS_NAMESPACE = "Faregate"
    }
  }

  # Metrics are lines of the log (EMF) without a level, which Lambda takes for INFO: its filter would drop them together with the lines
  # that are too verbose. Where these are not wanted, Lambda filters nothing (Text), and Powertools, which goes by LOG_LEVEL then, does.
  lambda_filters_logs = contains(["DEBUG", "INFO"], var.functions.log_level)
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_116: asynchronous invocations have a failure destination (failures.tf), the stream's too (function_price_rows.tf); callers wait for the other functions
  #checkov:skip=CKV_AWS_117: a VPC is the account's choice, functions.vpc; all calls use TLS
  #checkov:skip=CKV_AWS_272: a signing profile is the account's choice, package.code_signing_config_arn
  for_each = local.functions

  function_name = local.function_names[each.key]
  description   = each.value.description
  role          = aws_iam_role.function[each.key].arn
  handler       = each.value.handler
  runtime       = "python3.13"
  architectures = [var.functions.architecture]
  timeout       = each.value.timeout
  memory_size   = lookup(var.functions.memory_mb, each.key, each.value.memory)
  kms_key_arn   = local.kms_key_arn
  layers        = each.value.provider_sdks ? [aws_lambda_layer_version.provider_sdks.arn] : []

  filename          = local.function_zip
  source_code_hash  = try(filebase64sha256(local.function_zip), null)
  s3_bucket         = one(var.package.bucket[*].name)
  s3_key            = one(var.package.bucket[*].function_key)
  s3_object_version = one(var.package.bucket[*].function_version)

  code_signing_config_arn = var.package.code_signing_config_arn

  # A version, for the alias that scaling.tf makes.
  publish = contains(local.warm, each.key)

  reserved_concurrent_executions = lookup(local.reserved_concurrency, each.key, -1)

  environment {
    variables = local.lambda_environments[each.key]
  }

  logging_config {
    log_format            = local.lambda_filters_logs ? "JSON" : "Text"
    log_group             = local.log_groups[each.key].name
    application_log_level = local.lambda_filters_logs ? var.functions.log_level : null
    # Lambda's own start and report of each invocation cost more than all other lines, and its metrics hold the same.
    system_log_level = local.lambda_filters_logs ? var.functions.log_level == "DEBUG" ? "INFO" : "WARN" : null
  }

  dynamic "snap_start" {
    for_each = contains(var.functions.snap_start, each.key) ? [1] : []
    content {
      apply_on = "PublishedVersions"
    }
  }

  dynamic "vpc_config" {
    for_each = var.functions.vpc[*]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  tracing_config {
    mode = var.observability.xray && (each.value.called_by != "" || !local.sampled) ? "Active" : "PassThrough"
  }

  tags = local.tags

  # Without the first, the first invocations could neither log nor trace; without the second, not start.
  depends_on = [aws_iam_role_policy.function_runtime, aws_dynamodb_table_item.settings]

  lifecycle {
    # Like the gateway's deployment, which depends on them: a function could not be destroyed while a deployment is replaced.
    create_before_destroy = true

    precondition {
      condition     = local.function_zip == null ? true : fileexists(local.function_zip)
      error_message = "There is no function zip at ${coalesce(local.function_zip, "-")}. Run `make package`, or set package.function_zip to where it is."
    }

    precondition {
      # Lambda counts bytes; length() would count characters.
      condition = 4096 >= sum([
        for variable, value in local.lambda_environments[each.key] :
        length(base64encode("${variable}${value}")) * 3 / 4
      ])
      error_message = "The environment of ${each.key} exceeds the 4 KB that Lambda allows. Shorten the names of tables and buckets that you bring, endpoints, or api.cors."
    }
  }
}
