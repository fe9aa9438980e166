# The module as it is deployed to AWS, on the local cloud: AWS_ENDPOINT_URL points the provider at the emulator, whose
# account accepts any credentials.

provider "aws" {
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  s3_use_path_style           = true
}

data "aws_caller_identity" "this" {}

module "faregate" {
  source = "../../terraform"

  name = var.name

  package = {
    layer_zip = var.code == null ? coalesce(var.layer_zip, "${path.module}/../../build/layer-host.zip") : null
    bucket    = var.code
  }
  functions = { architecture = var.architecture }

  queue = {}
  batch = { concurrency = 60 }

  # The tool is a function of the caller's own: local/agent_tool.py makes it where it is needed.
  workflows = {
    variants  = {}
    agent     = { tools = { run_sql = "arn:aws:lambda:us-east-1:${data.aws_caller_identity.this.account_id}:function:run-sql" } }
    rag       = { vectors = { index_arn = var.vector_index_arn, dimensions = 256 } }
    documents = { scanned_pages = {} }
  }

  # A chain by cause, across the three providers.
  models = {
    COMPLEX = {
      model = "anthropic.claude-sonnet-5-5"
      fallbacks = [
        { provider = "anthropic", model = "claude-sonnet-5-5", when = ["throttled", "timeout"] },
        { provider = "openai", model = "gpt-6-sol", when = ["too_long", "refused"] },
        { model = "anthropic.claude-sonnet-5" },
      ]
    }
  }

  bedrock = { endpoint = var.bedrock_endpoint }
  openai = {
    endpoint          = var.openai_endpoint
    api_key_parameter = var.api_key_parameter
  }
  anthropic = {
    endpoint          = var.anthropic_endpoint
    api_key_parameter = var.anthropic_api_key_parameter
  }

  # Nothing is charged here; and the local cloud has no X-Ray to sample.
  observability = { detailed_metrics = true, xray_share = 1 }

  # Low enough to fire during tests.
  alarms = { thresholds = { throttles = 0, failed_executions = 0, pending_age_seconds = 60, spend_usd_per_hour = 0.001 } }
  # A budget, a rate limit and two caches to try; requests without a tenant have none of them. Faults are tried out here, and a breaker
  # with default settings would hide the second one.
  tenants = {
    frugal   = { budget = { day_usd = 1, month_usd = 10 } }
    hasty    = { rate = { requests = 2 } }
    faq      = { cache = { ttl_seconds = 600 } }
    handbook = { prompt_cache = true }
  }
  breaker = { throttles = 1000, min_calls = 1000, batch_seconds = 0 }

  # Requests with `review` wait for a reviewer: faregate review list.
  review = { timeout_seconds = 3600 }

  # A throw-away deployment that tests wait for.
  tables = { deletion_protection = false, point_in_time_recovery = false }
  stream = { window_seconds = 0 }

  # Pushes answers while they are written.
  websocket = { throttle = { rate_limit = 150, burst_limit = 1000 } }

  # Bearer keys, as OpenAI's clients send them; pages of a web application under development may call. The load test exceeds a
  # careful limit.
  api = {
    auth     = "AUTHORIZER"
    throttle = { rate_limit = 150, burst_limit = 1000 }
    cors     = { allow_origins = ["http://localhost:3000", "http://localhost:5173"] }
  }
}
