output "state_machine_arn" {
  description = "What applications start."
  value       = module.switchyard.state_machine.arn
}

output "tables" {
  description = "What dashboards read."
  value       = module.switchyard.tables
}

output "api_url" {
  description = "What applications call over HTTP."
  value       = module.switchyard.api.url
}

output "commands" {
  description = "What to run next: put the keys, then start an execution."
  value       = module.switchyard.commands
}

output "queue" {
  description = "Where bursts of requests go."
  value       = module.switchyard.queue
}

output "batch" {
  description = "What `python -m router batch` needs."
  value       = module.switchyard.batch
}
