"""Formats other than CSV of files that rows are read from and written to."""
