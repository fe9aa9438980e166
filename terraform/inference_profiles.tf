# Application inference profiles: what Bedrock bills for them carries the deployment's tags. Functions know a model by its own id,
# which rows and prices keep, and call the profile in its place.

locals {
  called_bedrock_ids = distinct(concat(
    [for id in local.bedrock_ids : id if !startswith(id, "arn:")],
    !local.asks_classifier || startswith(local.classifier_model, "arn:") ? [] : [local.classifier_model],
  ))

  profiled_ids = var.bedrock.application_profiles ? local.called_bedrock_ids : []

  # By model id, for the functions' environment.
  profile_arns = { for id, profile in aws_bedrock_inference_profile.this : id => profile.arn }
}

resource "aws_bedrock_inference_profile" "this" {
  for_each = toset(local.profiled_ids)

  # Of 64 characters; where the id is cut, what was cut still tells two of them apart.
  name = length("${var.name}-${each.key}") <= 64 ? "${var.name}-${replace(each.key, "/[^0-9A-Za-z]/", "-")}" : join("-", [
    substr("${var.name}-${replace(each.key, "/[^0-9A-Za-z]/", "-")}", 0, 55), substr(sha256(each.key), 0, 8),
  ])
  description = "${each.key}, as ${var.name} calls it."
  tags        = local.tags

  model_source {
    copy_from = (
      can(regex(local.geography, each.key))
      ? "arn:${local.partition}:bedrock:${local.arn_suffix}:inference-profile/${each.key}"
      : "arn:${local.partition}:bedrock:${local.region}::foundation-model/${each.key}"
    )
  }
}
