variable "region" {
  description = "Region of the deployment."
  type        = string
  default     = "eu-central-1"
}

variable "alarm_email" {
  description = "Who is told of failed requests. Left out: nobody, until somebody subscribes to the topic."
  type        = string
  default     = null
}
