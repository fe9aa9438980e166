# Where the code comes from: two zips on disk, or a bucket.

locals {
  # Null if the code comes from a bucket.
  function_zip = var.package.bucket != null ? null : coalesce(var.package.function_zip, "${path.module}/../build/function.zip")
  layer_zip    = var.package.bucket != null ? null : coalesce(var.package.layer_zip, "${path.module}/../build/layer-${var.functions.architecture}.zip")
}

resource "aws_lambda_layer_version" "provider_sdks" {
  layer_name               = "${var.name}-provider-sdks"
  description              = "OpenAI's and Anthropic's SDKs and what is compiled, for functions that call models."
  filename                 = local.layer_zip
  source_code_hash         = try(filebase64sha256(local.layer_zip), null)
  s3_bucket                = one(var.package.bucket[*].name)
  s3_key                   = one(var.package.bucket[*].layer_key)
  s3_object_version        = one(var.package.bucket[*].layer_version)
  compatible_architectures = [var.functions.architecture]
  compatible_runtimes      = ["python3.13"]

  lifecycle {
    # A function must never reference a layer that was deleted.
    create_before_destroy = true

    precondition {
      condition     = local.layer_zip == null ? true : fileexists(local.layer_zip)
      error_message = "There is no layer zip at ${coalesce(local.layer_zip, "-")}. Run `make package`, or set package.layer_zip to where it is."
    }
  }
}
