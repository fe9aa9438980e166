# Which requests X-Ray records. Without a rule it takes one a second and 5 % of the rest: a quiet deployment would pay for all.

locals {
  sampled = var.observability.xray && var.observability.xray_share < 1
}

# State machines, and the stages of the HTTP API, decide for what they call. Their functions follow; those that nobody calls (the
# stream's, the schedule's) have a rate of Lambda's own, which no rule changes, and are not traced while requests are sampled.
resource "aws_xray_sampling_rule" "this" {
  count = local.sampled ? 1 : 0

  rule_name      = var.name
  priority       = 1000
  version        = 1
  reservoir_size = 0
  fixed_rate     = var.observability.xray_share
  service_name   = "${var.name}*"
  service_type   = "*"
  host           = "*"
  http_method    = "*"
  url_path       = "*"
  resource_arn   = "*"
  tags           = local.tags
}
