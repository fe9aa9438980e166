"""IAM: what a policy is evaluated on under AUTH=true."""
