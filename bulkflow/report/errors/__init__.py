"""Errors and diagnostics with excerpts of the pipeline file, as text and as JSON."""
