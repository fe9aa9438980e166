"""Tools of the repository; none of them runs in a Lambda."""
