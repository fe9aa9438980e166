variable "region" {
  description = "Region of the deployment."
  type        = string
  default     = "eu-central-1"
}

variable "alarm_email" {
  description = "Address to notify of failed requests. By default, nobody is notified until somebody subscribes to the topic."
  type        = string
  default     = null
}
