# The module's variables without its resources: what they refuse is known in a fraction of the time that the whole plan takes. All but
# this file are links to the module's own.

locals {
  region = "eu-central-1"
  # Those of the module are in the files of their resources: a run about names of functions plans the module itself.
  known_functions = {}
}
