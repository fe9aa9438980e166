# The corpus of the workflows `rag` and `documents`: documents as they are put there, and their chunks. Created if one of the two is set.

locals {
  has_corpus        = var.workflows.rag != null || var.workflows.documents != null
  corpus_bucket     = one(aws_s3_bucket.corpus[*].id)
  corpus_bucket_arn = one(aws_s3_bucket.corpus[*].arn)
  chunks_arns       = [for arn in aws_s3_bucket.corpus[*].arn : "${arn}/chunks/*"]
  # Documents lie there under the keys that their readers see as sources.
  documents_folder = "documents/"

  corpus_vectors       = try(var.workflows.rag.vectors, null)
  embedding_model_arns = [for vectors in local.corpus_vectors[*] : "arn:${local.partition}:bedrock:${local.region}::foundation-model/amazon.titan-embed-text-v2:0"]

  # For functions that embed text; a profile is for models that answer.
  embedding_environment = var.bedrock.endpoint == null ? {} : { AWS_ENDPOINT_URL_BEDROCK_RUNTIME = var.bedrock.endpoint }
}

resource "aws_s3_bucket" "corpus" {
  #checkov:skip=CKV_AWS_18: the account's CloudTrail records access
  #checkov:skip=CKV_AWS_144: documents stay in the region they were put into
  #checkov:skip=CKV2_AWS_61: the documents are yours, and so is how long they are kept
  count = local.has_corpus ? 1 : 0

  bucket_prefix = "${substr(var.name, 0, 27)}-corpus-"
  force_destroy = !var.tables.deletion_protection
  tags          = local.tags
}

resource "aws_s3_bucket_versioning" "corpus" {
  count = local.has_corpus ? 1 : 0

  bucket = aws_s3_bucket.corpus[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "corpus" {
  count = local.has_corpus ? 1 : 0

  bucket = aws_s3_bucket.corpus[0].id

  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = local.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "corpus" {
  count = local.has_corpus ? 1 : 0

  bucket = aws_s3_bucket.corpus[0].id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "corpus" {
  count = local.has_corpus ? 1 : 0

  bucket = aws_s3_bucket.corpus[0].id
  policy = data.aws_iam_policy_document.tls_only["corpus"].json

  # S3 refuses two concurrent changes of a bucket's access.
  depends_on = [aws_s3_bucket_public_access_block.corpus]
}
