# Each group of settings once, for a team in Europe that brings its own key and topic.

provider "aws" {
  region = var.region

  default_tags {
    tags = { team = "platform", environment = "production" }
  }
}

module "faregate" {
  source = "../../terraform"

  name = "faregate-eu"
  tags = { cost-centre = "4711" }

  models = {
    SIMPLE = {
      model      = "anthropic.claude-haiku-5-5"
      max_tokens = 1024
      fallbacks  = [{ model = "anthropic.claude-sonnet-5-5" }]
    }
    CALCULATION = {
      provider  = "openai"
      model     = "gpt-6-luna"
      fallbacks = [{ model = "anthropic.claude-sonnet-5-5" }]
    }
    COMPLEX = {
      model      = "anthropic.claude-sonnet-5-5"
      max_tokens = 8192
      fallbacks  = [{ provider = "anthropic", model = "claude-sonnet-5-5", max_tokens = 8192 }]
    }
  }

  bedrock   = { profile_prefix = "eu", application_profiles = true }
  openai    = { api_key_parameter = "/platform/openai-api-key" }
  anthropic = { api_key_parameter = "/platform/anthropic-api-key" }

  tenants = {
    "*"      = { rate = { requests = 120, tokens = 400000 } }
    legal    = { floor = "CALCULATION", budget = { day_usd = 20, month_usd = 300 } }
    batch    = { budget = { day_usd = 5, soft_share = 0.5 } }
    faq      = { cache = { ttl_seconds = 86400 }, ceiling = "CALCULATION" }
    handbook = { prompt_cache = true }
  }
  budgets = { day_usd = 200, month_usd = 3000, on_store_failure = "refuse" }
  breaker = { throttles = 3, cool_down_seconds = 60 }

  limits  = { input_bytes = 65536 }
  privacy = { store_text = true, text_ttl_days = 7 }

  workflow = { type = "STANDARD", timeout_seconds = 600, log_level = "ALL" }

  # {"input": "…", "response_schema": {…}, "review": {"confidence_field": "confidence"}}
  review = { answer_above = 0.9, fail_below = 0.4, timeout_seconds = 28800 }

  functions = {
    memory_mb            = { analyze = 1024 }
    reserved_concurrency = { price_rows = 10 }
    provisioned_concurrency = {
      analyze = { min = 1, max = 10, business_hours = { min = 3, timezone = "Europe/Berlin" } }
    }
  }
  stream = { batch_size = 200, window_seconds = 2 }

  # Two more entry points to the same workflow: messages, and files of prompts.
  queue = { maximum_concurrency = 10 }
  batch = { concurrency = 200 }

  sweep = { schedule = "rate(10 minutes)" }
  logs  = { retention_days = 400 }

  kms_key       = { arn = aws_kms_key.platform.arn }
  alarms        = { thresholds = { spend_usd_per_hour = 50 } }
  observability = { detailed_metrics = true, metric_tenants = ["search", "support"] }
  notifications = {
    topic_arn   = aws_sns_topic.platform.arn
    kms_key_arn = aws_kms_key.platform.arn
  }

  api = {
    auth     = "AUTHORIZER"
    throttle = { rate_limit = 20, burst_limit = 40 }
    # Pages of an internal tool, each of whose users has a key of their own.
    cors = { allow_origins = ["https://prompts.example.com"] }
  }

  # The same pages may hold a connection, and get answers while they are written.
  websocket = { throttle = { rate_limit = 20, burst_limit = 40 } }
}
