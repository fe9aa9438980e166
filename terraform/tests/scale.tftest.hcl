# What the configuration promises beside what AWS carries: a plan warns.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "rates_that_can_be_carried_warn_of_nothing" {
  command = plan

  variables {
    tenants   = { acme = { rate = { requests = 1800 } }, small = { rate = { tokens = 100000 } } }
    api       = { auth = "AUTHORIZER", throttle = { rate_limit = 100, burst_limit = 200 } }
    functions = { reserved_concurrency = { invoke_model = 300, analyze = 10 } }
  }
}

run "a_rate_that_one_item_cannot_take_warns" {
  command = plan

  variables {
    tenants = { acme = { rate = { requests = 1860 } } }
  }

  expect_failures = [check.a_tenants_rate_fits_its_buckets]
}

run "more_than_step_functions_starts_warns" {
  command = plan

  variables {
    api = { auth = "AUTHORIZER", throttle = { rate_limit = 151, burst_limit = 200 } }
  }

  expect_failures = [check.starts_carry_the_rates]
}

run "express_starts_that_many" {
  command = plan

  variables {
    tenants  = { for number in range(6) : "tenant-${number}" => { rate = { requests = 1800 } } }
    workflow = { type = "EXPRESS" }
  }
}

run "tenants_count_together" {
  command = plan

  variables {
    tenants = { for number in range(6) : "tenant-${number}" => { rate = { requests = 1800 } } }
  }

  expect_failures = [check.starts_carry_the_rates]
}

run "less_concurrency_than_the_rates_need_warns" {
  command = plan

  variables {
    api       = { auth = "AUTHORIZER", throttle = { rate_limit = 100, burst_limit = 200 } }
    functions = { reserved_concurrency = { invoke_model = 299 } }
  }

  expect_failures = [check.reserved_concurrency_carries_the_rates]
}
