# What the functions have in common; what each may do, and what starts it, stands in its own file.

locals {
  # A model's read time-out < its function's time-out < the 300 s of the state that calls it.
  model_timeout_seconds = 240

  functions = merge(
    {
      analyze = {
        description = "Accepts a request once and plans its route."
        handler     = "router.handlers.analyze.handler"
        timeout     = 15
        memory      = 512
        environment = merge(
          {
            USAGE_TABLE     = local.tables.usage.name
            CONTROL_TABLE   = local.tables.control.name
            SPEND_TABLE     = local.tables.spend.name
            FAREGATE_CONFIG = jsonencode(local.config)
            PRICE_OVERRIDES = jsonencode(var.prices)
          },
          local.bedrock_environment,
          local.metrics_environment,
          var.analyzer.weights == null ? {} : { ANALYZER_WEIGHTS = "s3://${var.analyzer.weights.bucket}/${var.analyzer.weights.key}" },
        )
      }
      invoke_model = {
        description = "Makes one call to one model."
        handler     = "router.handlers.invoke_model.handler"
        timeout     = 270
        memory      = 256
        environment = merge(
          {
            ANSWERS_BUCKET        = aws_s3_bucket.answers.id
            MODEL_TIMEOUT_SECONDS = tostring(local.model_timeout_seconds)
          },
          local.provider_environment,
          local.bedrock_environment,
          var.bedrock.guardrail == null ? {} : {
            BEDROCK_GUARDRAIL_ID      = var.bedrock.guardrail.id
            BEDROCK_GUARDRAIL_VERSION = var.bedrock.guardrail.version
          },
        )
      }
      record_outcome = {
        description = "Closes a request whose execution died."
        handler     = "router.handlers.record_outcome.handler"
        timeout     = 60
        memory      = 256
        environment = {
          USAGE_TABLE       = local.tables.usage.name
          FAILURE_TOPIC_ARN = local.topic_arn
        }
      }
      price_rows = {
        description = "Prices rows and adds them to the sums, in one transaction."
        handler     = "cost_calculator.handlers.price_rows.handler"
        timeout     = 60
        memory      = 256
        environment = merge(
          {
            USAGE_TABLE     = local.tables.usage.name
            SPEND_TABLE     = local.tables.spend.name
            CONTROL_TABLE   = local.tables.control.name
            PRICE_OVERRIDES = jsonencode(var.prices)
          },
          local.metrics_environment,
        )
      }
      sweep = {
        description = "Closes what never ended, prices what the stream lost."
        handler     = "router.handlers.sweep.handler"
        timeout     = 300
        memory      = 256
        environment = merge(
          {
            USAGE_TABLE       = local.tables.usage.name
            SPEND_TABLE       = local.tables.spend.name
            CONTROL_TABLE     = local.tables.control.name
            WORKFLOW_SECONDS  = tostring(local.workflow_seconds)
            FAILURE_TOPIC_ARN = local.topic_arn
            PRICE_OVERRIDES   = jsonencode(var.prices)
          },
          local.metrics_environment,
        )
      }
    },
    var.breaker == null ? {} : {
      watch_models = {
        description = "Tells the circuit breakers how calls ended."
        handler     = "router.handlers.watch_models.handler"
        timeout     = 30
        memory      = 256
        environment = {
          CONTROL_TABLE = local.tables.control.name
          BREAKER       = jsonencode(local.breaker)
        }
      }
    },
    local.own_connection ? {
      sync_api_key = {
        description = "Puts the OpenAI key of the SSM parameter into the connection."
        handler     = "router.handlers.sync_api_key.handler"
        timeout     = 30
        memory      = 256
        environment = {
          OPENAI_API_KEY_PARAMETER = var.openai.api_key_parameter
          CONNECTION_NAME          = local.connection_name
          CONNECTION_KMS_KEY       = local.kms_key_arn
        }
      }
    } : {},
    local.api_functions,
    local.queue_functions,
    local.batch_functions,
  )

  function_names = { for name, function in local.functions : name => "${var.name}-${replace(name, "_", "-")}" }

  powertools = {
    for name in keys(local.functions) : name => {
      LOG_LEVEL                    = var.functions.log_level
      POWERTOOLS_SERVICE_NAME      = name
      POWERTOOLS_METRICS_NAMESPACE = "Faregate"
    }
  }

  # Lambda's own name for the level that Python calls WARNING.
  lambda_log_level = var.functions.log_level == "WARNING" ? "WARN" : var.functions.log_level
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_116: what an event started has a failure destination (failures.tf), what the stream started too (price_rows.tf); the workflow waits for the others
  #checkov:skip=CKV_AWS_117: a VPC is the account's choice, functions.vpc; what is called is reached over TLS alone
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
  layers        = each.key == "invoke_model" ? [aws_lambda_layer_version.provider_sdks.arn] : []

  filename          = local.function_zip
  source_code_hash  = try(filebase64sha256(local.function_zip), null)
  s3_bucket         = one(var.package.bucket[*].name)
  s3_key            = one(var.package.bucket[*].function_key)
  s3_object_version = one(var.package.bucket[*].function_version)

  code_signing_config_arn = var.package.code_signing_config_arn

  # A version, for the alias that scaling.tf makes.
  publish = contains(local.warm, each.key)

  reserved_concurrent_executions = lookup(var.functions.reserved_concurrency, each.key, -1)

  environment {
    variables = merge(local.powertools[each.key], each.value.environment)
  }

  logging_config {
    log_format            = "JSON"
    log_group             = local.log_groups[each.key].name
    application_log_level = local.lambda_log_level
    system_log_level      = "INFO"
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
    mode = var.observability.xray ? "Active" : "PassThrough"
  }

  tags = local.tags

  # Without it the first calls could neither log nor trace.
  depends_on = [aws_iam_role_policy.function_runtime]

  lifecycle {
    # As the gateway's deployment, which depends on them: a function could not go while a deployment is made anew.
    create_before_destroy = true

    precondition {
      condition     = local.function_zip == null ? true : fileexists(local.function_zip)
      error_message = "There is no function zip at ${coalesce(local.function_zip, "-")}. Run `make package`, or set package.function_zip to where it is."
    }

    precondition {
      # Lambda counts bytes; length() would count characters.
      condition = 4096 >= sum([
        for variable, value in merge(local.powertools[each.key], each.value.environment) :
        length(base64encode("${variable}${value}")) * 3 / 4
      ])
      error_message = "The settings of ${each.key} exceed the 4 KB that Lambda allows its environment. Shorten `models`, `prices` or `tenants` (fewer pins, budgets of single tenants by `python -m router budget set`, and what holds for everybody under \"*\"); prices for everybody belong in src/cost_calculator/price_book.json."
    }
  }
}
