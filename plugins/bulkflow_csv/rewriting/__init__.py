"""Rewrite files that cannot be sent unchanged."""
