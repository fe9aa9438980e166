# The workflow `rag`: asl/rag.asl.json.

locals {
  rag_definition = var.workflows.rag == null ? null : jsonencode(jsondecode(templatefile("${path.module}/../asl/rag.asl.json", {
    partition           = local.partition
    answer_question_arn = aws_lambda_function.this["answer_question"].arn
    router_arn          = local.state_machine_arn
  })))

  # Everything beyond the router is asked by its function.
  rag_rights = []

  # In the order in which findings are merged.
  rag_retrievers = var.workflows.rag == null ? {} : merge(
    var.workflows.rag.keywords ? { keywords = {} } : {},
    { for vectors in var.workflows.rag.vectors[*] : "vectors" => vectors },
    { for id in var.workflows.rag.knowledge_base_id[*] : "knowledge_base" => { id = id } },
    { for arn in var.workflows.rag.retriever_arn[*] : "function" => { arn = arn } },
  )
}
