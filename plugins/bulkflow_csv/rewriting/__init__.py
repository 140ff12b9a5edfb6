"""Rewrite rows that cannot be sent as they are."""
