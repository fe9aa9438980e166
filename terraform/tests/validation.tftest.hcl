# What the module refuses. A run may hold a wrong value for each of several variables: each one listed must be refused.
# `models` reads `openai` and `anthropic`, and is not judged where one of them is wrong.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "values_outside_the_known_are_refused" {
  command = plan

  variables {
    name      = "Switch_Yard"
    models    = { SIMPLE = { provider = "azure", model = "gpt-4" } }
    bedrock   = { profile_prefix = "mars" }
    workflow  = { type = "FAST" }
    functions = { architecture = "riscv" }
    logs      = { retention_days = 42 }
    kms_key   = { arn = "arn:aws:kms:eu-central-1:123456789012:alias/mine" }
    sweep     = { schedule = "every 5 minutes" }
    prices    = "cheap"
  }

  expect_failures = [
    var.name, var.models, var.bedrock, var.workflow, var.functions, var.logs, var.kms_key, var.sweep, var.prices,
  ]
}

run "values_out_of_range_are_refused" {
  command = plan

  variables {
    models    = { SIMPLE = { model = "anthropic.claude-haiku-5-5", max_tokens = 0 } }
    limits    = { input_bytes = 8388609 }
    privacy   = { text_ttl_days = 0 }
    functions = { memory_mb = { analyze = 64 } }
    stream    = { max_age_seconds = 86400 }
  }

  expect_failures = [var.models, var.limits, var.privacy, var.functions, var.stream]
}

# By itself: another rule of `routing` names `privacy`, so Terraform looks at neither if privacy is wrong.
run "bounds_in_the_wrong_order_are_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    routing = { raise_above = 0.2, lower_below = 0.8 }
  }

  expect_failures = [var.routing]
}

run "names_that_nothing_bears_are_refused" {
  command = plan

  variables {
    openai                   = { api_key_parameter = "sk-this-is-a-key" }
    anthropic                = { api_key_parameter = "sk-this-is-a-key" }
    functions                = { reserved_concurrency = { analyse = 5 } }
    notifications            = { topic_arn = "my-topic" }
    permissions_boundary_arn = "boundary"
  }

  expect_failures = [
    var.openai, var.anthropic, var.functions, var.notifications, var.permissions_boundary_arn,
  ]
}

run "a_service_tier_of_another_provider_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    models = { SIMPLE = { model = "anthropic.claude-haiku-5-5", fallbacks = [{ model = "anthropic.claude-sonnet-5-5", service_tier = "fast" }] } }
  }

  expect_failures = [var.models]
}

run "a_latency_without_sense_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    models = { SIMPLE = { model = "anthropic.claude-haiku-5-5", latency = "quick" } }
  }

  expect_failures = [var.models]
}

run "a_latency_of_openai_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    models = { SIMPLE = { provider = "openai", model = "gpt-6-luna", latency = "optimized" } }
  }

  expect_failures = [var.models]
}

run "a_model_id_without_sense_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    models = { SIMPLE = { model = "a model" } }
  }

  expect_failures = [var.models]
}

run "a_model_of_another_api_under_bedrock_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    models = { CALCULATION = { model = "gpt-5.5-mini" } }
  }

  expect_failures = [var.models]
}

run "plain_http_is_for_loopback_alone" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    bedrock   = { endpoint = "http://127.0.0.1.example.com" }
    openai    = { endpoint = "http://localhost.example.com/v1" }
    anthropic = { endpoint = "http://10.0.0.1" }
  }

  expect_failures = [var.bedrock, var.openai, var.anthropic]
}

run "endless_retries_are_refused" {
  command = plan

  variables {
    stream    = { max_retries = -1 }
    functions = { reserved_concurrency = { price_rows = 0 } }
    models = {
      SIMPLE = {
        model = "anthropic.claude-haiku-5-5"
        fallbacks = [
          { model = "a.a" }, { model = "a.b" }, { model = "a.c" }, { model = "a.d" }, { model = "a.e" },
        ]
      }
    }
  }

  expect_failures = [var.stream, var.functions, var.models]
}

run "express_cannot_run_longer_than_aws_lets_it" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    workflow = { type = "EXPRESS", timeout_seconds = 301 }
  }

  expect_failures = [var.workflow]
}

run "an_anthropic_model_needs_the_name_of_its_key" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    models = { COMPLEX = { provider = "anthropic", model = "claude-sonnet-5-5" } }
  }

  expect_failures = [var.models]
}

run "a_url_that_ends_in_a_slash_would_double_it" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    openai = { endpoint = "https://api.openai.com/v1/" }
  }

  expect_failures = [var.openai]
}

run "a_missing_function_zip_fails_at_plan" {
  command = plan

  variables {
    package = { function_zip = "./not-built.zip", layer_zip = "./versions.tf" }
  }

  expect_failures = [aws_lambda_function.this]
}

run "a_review_that_cannot_be_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    review   = { fail_below = 0.9, answer_above = 0.8, default = "maybe", timeout_seconds = 864000 }
    privacy  = { text_ttl_days = 7 }
    workflow = { type = "EXPRESS" }
  }

  expect_failures = [var.review]
}

run "a_cache_without_texts_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    tenants = { faq = { cache = {} } }
    privacy = { store_text = false }
  }

  expect_failures = [var.tenants]
}

run "a_missing_layer_zip_fails_at_plan" {
  command = plan

  variables {
    package = { function_zip = "./versions.tf", layer_zip = "./not-built.zip" }
  }

  expect_failures = [aws_lambda_layer_version.provider_sdks]
}

run "prices_too_large_for_an_item_fail_at_plan" {
  command = plan

  variables {
    prices = [for i in range(1000) : { provider = "openai", model = "model-${i}", input = "1.00", output = "2.00", source = join(" ", [for word in range(60) : "contract"]) }]
  }

  expect_failures = [aws_dynamodb_table_item.settings]
}
