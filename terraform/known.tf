# What variables are checked against: no resource, no data source, so that tests of refusals plan variables alone (tests/inputs).

locals {
  # From the cheapest to the strongest.
  tier_names = ["SIMPLE", "CALCULATION", "COMPLEX"]
  # As router.catalog.capabilities has them.
  sampling_options = [
    "temperature", "top_p", "stop", "seed", "presence_penalty", "frequency_penalty", "reasoning_effort", "logit_bias",
  ]

  # Geographies of Bedrock's inference profiles: the regions that are in them (the first that fits is a region's default), and others that
  # may call them.
  bedrock_geographies = [
    { prefix = "us-gov", regions = "^us-gov-", others = "^$" },
    { prefix = "us", regions = "^us-(east|west)-", others = "^(ca|mx|sa)-" },
    { prefix = "eu", regions = "^eu-", others = "^(il|me|af)-" },
    { prefix = "jp", regions = "^ap-northeast-[13]$", others = "^$" },
    { prefix = "au", regions = "^ap-southeast-[246]$", others = "^$" },
    { prefix = "apac", regions = "^ap-", others = "^me-" },
    { prefix = "ca", regions = "^ca-", others = "^$" },
    { prefix = "global", regions = "^(us-(east|west)|ca|mx|sa|eu|il|me|af|ap)-", others = "^$" },
  ]
  geography = "^(${join("|", local.bedrock_geographies[*].prefix)})[.]"

  # Those that this region may call.
  callable_geographies = [
    for geography in local.bedrock_geographies : geography.prefix if can(regex("${geography.regions}|${geography.others}", local.region))
  ]
}
