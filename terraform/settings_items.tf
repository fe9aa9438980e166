# Settings that grow with tenants, models and keys. Lambda gives a function 4 KB of environment; these are in an item of `control` for each
# function, which it reads once per cold start. The environment holds the item's key, made from its content: a version of a function that
# is still at work finds what it was deployed with.

locals {
  growing_settings = ["API_CALLERS", "BEDROCK_PROFILES", "BUDGETS", "FAREGATE_CONFIG", "METRIC_TENANTS", "PRICE_OVERRIDES", "TENANT_RATES"]

  settings = {
    for name, function in local.functions : name => {
      for variable, value in function.environment : variable => value if contains(local.growing_settings, variable)
    } if length(setintersection(keys(function.environment), local.growing_settings)) > 0
  }

  settings_keys = { for name, values in local.settings : name => "config#${name}#${substr(sha256(jsonencode(values)), 0, 16)}" }

  # What Lambda itself keeps.
  lambda_environments = {
    for name, function in local.functions : name => merge(
      local.powertools[name],
      { for variable, value in function.environment : variable => value if !contains(local.growing_settings, variable) },
      contains(keys(local.settings), name) ? { SETTINGS_ITEM = "${local.tables.control.name}/${local.settings_keys[name]}" } : {},
    )
  }
}

# DynamoDB's provider would write a new key and delete the old one before the function knows. So another key is another item: made first,
# and the old one goes after the functions.
resource "terraform_data" "settings" {
  for_each = local.settings

  input = local.settings_keys[each.key]
}

resource "aws_dynamodb_table_item" "settings" {
  for_each = local.settings

  table_name = local.tables.control.name
  hash_key   = "key"
  item = jsonencode(merge(
    { key = { S = local.settings_keys[each.key] } },
    { for variable, value in each.value : variable => { S = value } },
  ))

  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.settings[each.key]]

    precondition {
      # An item holds 400 KB in bytes; length() would count characters.
      condition     = 400000 >= sum([for variable, value in each.value : length(base64encode("${variable}${value}")) * 3 / 4])
      error_message = "The settings of ${each.key} exceed the 400 KB that DynamoDB allows an item. Shorten `tenants` (budgets of single tenants by `faregate budget set`, common rules under \"*\"), `prices` or api.keys; prices for everybody belong in src/cost_calculator/price_book.json."
    }
  }
}
