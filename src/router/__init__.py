"""Routes each prompt to the cheapest model that can answer it."""
