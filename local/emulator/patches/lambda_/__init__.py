"""Lambda: errors, workers, event source mappings."""
