variable "workflows" {
  description = <<-EOT
    Workflows on top of the router: each is a state machine whose steps are requests of this deployment, with their
    retries, fallbacks, budgets and rows; see `docs/workflows/`. By default there is none. A Standard router is needed,
    and texts are stored, since steps hand answers on through the rows.

    - `variants`: one prompt in many forms, or asked several times; a judge compares the answers. `{}` creates it.
      `max_concurrency`: requests of one run, or of one group of a large set, at a time. Defaults to 10.
      `group_concurrency`: groups of a large set at a time, from 1 to 50. Defaults to 4. `scorer_arn`: a Lambda function of
      yours that scores each answer, in place of the judge. By default the judge compares them.
    - `agent`: a plan, workers that carry it out level by level, an answer with its confidence, a reviewer if it is in
      doubt, and its form. Needs `review`. `tools`: Lambda functions of yours that a step may be, by the name that
      inputs use for them. By default there is none. `max_concurrency`: steps of one run at a time. Defaults to 10.
      `step_timeout_seconds`: how long a step may take, from 60 to 3600. Defaults to 900.
    - `rag`: answers a question from documents, with citations. `{}` creates it, with retrieval by keywords over the corpus
      that `documents` fills. `keywords`: whether the corpus is searched by words. Defaults to true. `vectors`: an index of
      S3 Vectors over the corpus: its `index_arn` (you create it: float32, cosine) and its `dimensions` (256, 512 or 1024,
      which is the default), which Titan Text Embeddings V2 fills. `knowledge_base_id`: a Knowledge Base of yours.
      `retriever_arn`: a Lambda function of yours. By default there are none.
    - `documents`: what is put into the corpus bucket under `documents/` becomes chunks for `rag`, and goes with its
      object. `{}` creates it. `analysis`: an instruction for a model, whose answer about each document is kept. By default
      there is none. `topic_arn`: an SNS topic that hears of each document. By default there is none. `knowledge_base`: a
      Knowledge Base of yours with a data source over `documents/` of the corpus bucket, by its `id` and `data_source_id`:
      each run has the source ingested, one job at a time. By default there is none. `scanned_pages`: a model reads pages
      of PDFs that have no text layer; `{}` asks the tier SIMPLE, another `tier` may be named; `most_pages` is how many of a
      document are paid for, from 1 to 500, and defaults to 100. By default nobody reads them. `max_cost_usd`: the most
      that the requests of one run may cost together. By default there is no limit.
  EOT
  type = object({
    variants = optional(object({
      max_concurrency   = optional(number, 10)
      group_concurrency = optional(number, 4)
      scorer_arn        = optional(string)
    }))
    agent = optional(object({
      tools                = optional(map(string), {})
      max_concurrency      = optional(number, 10)
      step_timeout_seconds = optional(number, 900)
    }))
    rag = optional(object({
      keywords          = optional(bool, true)
      vectors           = optional(object({ index_arn = string, dimensions = optional(number, 1024) }))
      knowledge_base_id = optional(string)
      retriever_arn     = optional(string)
    }))
    documents = optional(object({
      analysis  = optional(string)
      topic_arn = optional(string)
      knowledge_base = optional(object({
        id             = string
        data_source_id = string
      }))
      scanned_pages = optional(object({
        tier       = optional(string, "SIMPLE")
        most_pages = optional(number, 100)
      }))
      max_cost_usd = optional(number)
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.workflows.variants == null ? true : var.workflows.variants.max_concurrency >= 1 && var.workflows.variants.max_concurrency <= 40 && floor(var.workflows.variants.max_concurrency) == var.workflows.variants.max_concurrency
    error_message = "Write workflows.variants.max_concurrency as a whole number from 1 to 40: an inline Map runs no more at a time."
  }

  validation {
    condition     = var.workflows.variants == null ? true : var.workflows.variants.group_concurrency >= 1 && var.workflows.variants.group_concurrency <= 50 && floor(var.workflows.variants.group_concurrency) == var.workflows.variants.group_concurrency
    error_message = "Write workflows.variants.group_concurrency as a whole number from 1 to 50."
  }

  validation {
    condition     = try(var.workflows.variants.scorer_arn, null) == null ? true : can(regex("^arn:[a-z-]+:lambda:[^:]+:[0-9]{12}:function:[^:]+(:[^:]+)?$", var.workflows.variants.scorer_arn))
    error_message = "Write workflows.variants.scorer_arn as the ARN of a Lambda function (arn:…:lambda:…:function:…)."
  }

  validation {
    condition     = var.workflows.rag == null ? true : var.workflows.rag.keywords || length(concat(var.workflows.rag.vectors[*], var.workflows.rag.knowledge_base_id[*], var.workflows.rag.retriever_arn[*])) > 0
    error_message = "workflows.rag has no retriever: set keywords, vectors, knowledge_base_id or retriever_arn."
  }

  validation {
    condition     = try(var.workflows.rag.vectors, null) == null ? true : can(regex("^arn:[a-z-]+:s3vectors:[^:]+:[0-9]{12}:bucket/[^/]+/index/[^/]+$", var.workflows.rag.vectors.index_arn)) && contains([256, 512, 1024], var.workflows.rag.vectors.dimensions)
    error_message = "Write workflows.rag.vectors.index_arn as the ARN of an index of S3 Vectors (arn:…:s3vectors:…:bucket/…/index/…), and dimensions as 256, 512 or 1024."
  }

  validation {
    condition     = try(var.workflows.rag.knowledge_base_id, null) == null ? true : can(regex("^[0-9A-Za-z]{10}$", var.workflows.rag.knowledge_base_id))
    error_message = "Write workflows.rag.knowledge_base_id as the ten characters of a Knowledge Base's id."
  }

  validation {
    condition     = try(var.workflows.rag.retriever_arn, null) == null ? true : can(regex("^arn:[a-z-]+:lambda:[^:]+:[0-9]{12}:function:[^:]+(:[^:]+)?$", var.workflows.rag.retriever_arn))
    error_message = "Write workflows.rag.retriever_arn as the ARN of a Lambda function (arn:…:lambda:…:function:…)."
  }

  validation {
    condition     = try(var.workflows.documents.topic_arn, null) == null ? true : can(regex("^arn:[a-z-]+:sns:[^:]+:[0-9]{12}:[^:]+$", var.workflows.documents.topic_arn))
    error_message = "Write workflows.documents.topic_arn as the ARN of an SNS topic (arn:…:sns:…)."
  }

  validation {
    condition     = try(var.workflows.documents.knowledge_base, null) == null ? true : alltrue([for id in values(var.workflows.documents.knowledge_base) : can(regex("^[0-9A-Za-z]{10}$", id))])
    error_message = "Write workflows.documents.knowledge_base as { id, data_source_id }: the ten characters of a Knowledge Base's id, and those of its data source."
  }

  validation {
    condition     = try(var.workflows.documents.scanned_pages, null) == null ? true : contains(["SIMPLE", "CALCULATION", "COMPLEX"], var.workflows.documents.scanned_pages.tier) && var.workflows.documents.scanned_pages.most_pages >= 1 && var.workflows.documents.scanned_pages.most_pages <= 500 && floor(var.workflows.documents.scanned_pages.most_pages) == var.workflows.documents.scanned_pages.most_pages
    error_message = "Write workflows.documents.scanned_pages as { tier, most_pages }: SIMPLE, CALCULATION or COMPLEX, and a whole number from 1 to 500."
  }

  validation {
    condition     = try(var.workflows.documents.max_cost_usd, null) == null ? true : var.workflows.documents.max_cost_usd >= 0.0001 && var.workflows.documents.max_cost_usd <= 1000000
    error_message = "Write workflows.documents.max_cost_usd in dollars, from 0.0001 to 1000000."
  }

  validation {
    condition     = var.workflows.documents == null || var.workflows.rag != null
    error_message = "workflows.documents fills the corpus that workflows.rag reads: set workflows.rag too."
  }

  validation {
    condition     = var.workflows.agent == null ? true : var.workflows.agent.max_concurrency >= 1 && var.workflows.agent.max_concurrency <= 40 && floor(var.workflows.agent.max_concurrency) == var.workflows.agent.max_concurrency
    error_message = "Write workflows.agent.max_concurrency as a whole number from 1 to 40: an inline Map runs no more at a time."
  }

  validation {
    condition     = var.workflows.agent == null ? true : var.workflows.agent.step_timeout_seconds >= 60 && var.workflows.agent.step_timeout_seconds <= 3600 && floor(var.workflows.agent.step_timeout_seconds) == var.workflows.agent.step_timeout_seconds
    error_message = "Write workflows.agent.step_timeout_seconds as whole seconds from 60 to 3600."
  }

  validation {
    condition = var.workflows.agent == null ? true : alltrue([
      for name, arn in var.workflows.agent.tools :
      can(regex("^[a-z][0-9a-z_]{0,31}$", name)) && can(regex("^arn:[a-z-]+:lambda:[^:]+:[0-9]{12}:function:[^:]+(:[^:]+)?$", arn))
    ])
    error_message = "Write workflows.agent.tools as { name = the ARN of a Lambda function }; a name has lower-case letters, digits and _, up to 32."
  }

  validation {
    condition     = var.workflows.agent == null || var.review != null
    error_message = "workflows.agent has a reviewer look at answers in doubt: set `review` too, for example review = {}."
  }

  validation {
    condition     = alltrue([for settings in values(var.workflows) : settings == null]) || (var.privacy.store_text && var.workflow.type == "STANDARD")
    error_message = "Workflows hand answers on through the rows of their steps, and wait for Standard runs: set privacy.store_text = true and workflow.type = \"STANDARD\"."
  }
}
