provider "aws" {
  region = "us-east-1"
}

module "faregate" {
  source = "../../terraform"
}

output "commands" {
  description = "What to run next: put the OpenAI key, then start an execution."
  value       = module.faregate.commands
}
