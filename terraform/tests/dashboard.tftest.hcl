# The dashboard is valid, shows what docs/metrics.md lists, and can be left out.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "the_dashboard_shows_the_deployment" {
  command = plan

  assert {
    condition     = aws_cloudwatch_dashboard.this[0].dashboard_name == "faregate"
    error_message = "The dashboard has the deployment's name."
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets) == length(local.charts)
    error_message = "The body is JSON with a widget for each chart."
  }

  assert {
    condition = alltrue([
      for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets :
      widget.type == "metric" && widget.x + widget.width <= 24 && length(widget.properties.metrics) > 0 && widget.properties.region == "eu-central-1"
    ])
    error_message = "Each widget has lines, a region and a place."
  }

  assert {
    condition     = !strcontains(aws_cloudwatch_dashboard.this[0].dashboard_body, "Faregate,model") && strcontains(aws_cloudwatch_dashboard.this[0].dashboard_body, "cost_usd")
    error_message = "By default there are no series by model to search for, but sums over all."
  }
}

run "in_detail_it_shows_models_tiers_and_tenants" {
  command = plan

  variables {
    observability = { detailed_metrics = true }
  }

  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.this[0].dashboard_body, "Requests by tier and tenant")
    error_message = "Requests have a chart by tier and tenant."
  }

  assert {
    condition = alltrue([
      for model in ["eu.anthropic.claude-haiku-5-5", "eu.anthropic.claude-haiku-5-5"] :
      strcontains(aws_cloudwatch_dashboard.this[0].dashboard_body, model) == contains(local.called_models, model)
    ]) && length(local.called_models) >= 3
    error_message = "Spend has a line for each model that is called."
  }

  assert {
    condition     = 500 >= length(flatten([for chart in local.charts : chart.lines]))
    error_message = "CloudWatch takes 500 lines a dashboard."
  }
}

run "it_can_be_left_out" {
  command = plan

  variables {
    dashboard = false
  }

  assert {
    condition     = length(aws_cloudwatch_dashboard.this) == 0 && output.dashboard_name == null
    error_message = "dashboard = false makes none."
  }
}
