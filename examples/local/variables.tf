variable "name" {
  description = "Name of the deployment."
  type        = string
  default     = "faregate"
}

variable "architecture" {
  description = "Architecture of this machine, as Lambda calls it: `x86_64` or `arm64`."
  type        = string
  default     = "x86_64"
}

variable "code" {
  description = <<-EOT
    The bucket that the built code lies in: Terraform then makes the functions side by side, and not one after the other.
    Defaults to `build/function.zip` and `layer_zip`.
  EOT
  type        = object({ name = string, function_key = string, layer_key = string })
  default     = null
}

variable "layer_zip" {
  description = "Path of the layer built for this machine, without `code`. Defaults to `build/layer-host.zip`."
  type        = string
  default     = null
}

variable "bedrock_endpoint" {
  description = "Base URL of the simulated Bedrock, on loopback."
  type        = string
}

variable "openai_endpoint" {
  description = "Base URL of the simulated OpenAI, on loopback, without a slash at its end."
  type        = string
}

variable "anthropic_endpoint" {
  description = "Base URL of the simulated Anthropic, on loopback."
  type        = string
}

variable "api_key_parameter" {
  description = "Name of the SSM SecureString that holds the simulated OpenAI's key."
  type        = string
  default     = "/faregate/openai-api-key"
}

variable "anthropic_api_key_parameter" {
  description = "Name of the SSM SecureString that holds the simulated Anthropic's key."
  type        = string
  default     = "/faregate/anthropic-api-key"
}

variable "vector_index_arn" {
  description = "ARN of the index of the local cloud's S3 Vectors; local/deployment.py makes it."
  type        = string
  default     = "arn:aws:s3vectors:us-east-1:000000000000:bucket/faregate/index/chunks"
}
