# Examples are what people copy: each must plan as it stands, with what `make package` built.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "the_minimal_example_plans_without_a_variable" {
  command = plan

  module {
    source = "../examples/minimal"
  }

  assert {
    condition     = strcontains(output.commands.start_execution, "aws stepfunctions start-execution")
    error_message = "A newcomer is told what to run next."
  }
}

run "the_complete_example_brings_its_own_key_and_topic" {
  command = plan

  module {
    source = "../examples/complete"
  }

  assert {
    condition     = output.tables.usage.name == "faregate-eu-usage"
    error_message = "The example's name is the prefix of what it makes."
  }
}

run "the_local_example_talks_to_loopback" {
  command = plan

  module {
    source = "../examples/local"
  }

  variables {
    bedrock_endpoint   = "http://127.0.0.1:8080"
    openai_endpoint    = "http://127.0.0.1:8080/v1"
    anthropic_endpoint = "http://127.0.0.1:8080"
    layer_zip          = "../build/layer-arm64.zip" # `make package` builds the host's only for the local cloud.
  }

  assert {
    condition     = output.openai.endpoint == "http://127.0.0.1:8080/v1/chat/completions"
    error_message = "The simulator stands where OpenAI would."
  }
}

run "what_verify_aws_deploys_plans" {
  command = plan

  module {
    source = "../tools/verify_aws/root"
  }

  variables {
    name                     = "faregate-verify-0a1b2c"
    region                   = "eu-central-1"
    openai_api_key_parameter = "/faregate-verify-0a1b2c/openai-api-key"
  }

  assert {
    condition     = output.tables.usage.name == "faregate-verify-0a1b2c-usage"
    error_message = "Everything has a name of its own, so that it can be found and removed."
  }
}
