"""The row clauses that ship with bulkflow."""
