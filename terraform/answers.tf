# Requests and answers that are too large for a state of the workflow, uploads, and drafts that were withheld from their caller. Rows
# and outputs point here by s3://….

locals {
  answers_bucket_arn = aws_s3_bucket.answers.arn

  # What is asked, as far as it is too large to travel.
  input_arns = [for folder in ["requests", "uploads"] : "${local.answers_bucket_arn}/${folder}/*"]
  # A message or a line of a batch travels as it is.
  inline_input_bytes = min(var.limits.input_bytes, 196608)
  input_environment = {
    ANSWERS_BUCKET      = aws_s3_bucket.answers.id
    PAYLOAD_BYTES_LIMIT = tostring(var.limits.payload_bytes)
  }
}

resource "aws_s3_bucket" "answers" {
  #checkov:skip=CKV_AWS_18: one role writes here; the account's CloudTrail records other access
  #checkov:skip=CKV_AWS_21: text must be deleted when it expires, and no object is overwritten
  #checkov:skip=CKV_AWS_144: text stays in the region it was asked in
  #checkov:skip=CKV2_AWS_62: nothing waits for an object here
  # Bucket names are global: AWS appends a suffix to this one.
  bucket_prefix = "${substr(var.name, 0, 27)}-answers-"
  force_destroy = !var.tables.deletion_protection
  tags          = local.tags
}

resource "aws_s3_bucket_server_side_encryption_configuration" "answers" {
  bucket = aws_s3_bucket.answers.id

  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = local.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "answers" {
  bucket = aws_s3_bucket.answers.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# A page that may call the API puts a file with the URL that the API signed: the signature decides what, this who may try.
resource "aws_s3_bucket_cors_configuration" "answers" {
  count = local.api_cors == null ? 0 : 1

  bucket = aws_s3_bucket.answers.id

  cors_rule {
    id              = "pages-put-uploads"
    allowed_methods = ["PUT"]
    allowed_origins = local.api_cors.allow_origins
    allowed_headers = ["*"]
    max_age_seconds = local.api_cors.max_age_seconds
  }
}

# Text expires together with the CONTENT rows.
resource "aws_s3_bucket_lifecycle_configuration" "answers" {
  bucket = aws_s3_bucket.answers.id

  rule {
    id     = "text-expires"
    status = "Enabled"
    filter {}

    expiration {
      days = var.privacy.text_ttl_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

resource "aws_s3_bucket_policy" "answers" {
  bucket = aws_s3_bucket.answers.id
  policy = data.aws_iam_policy_document.tls_only["answers"].json

  # S3 refuses two concurrent changes of a bucket's access.
  depends_on = [aws_s3_bucket_public_access_block.answers]
}
