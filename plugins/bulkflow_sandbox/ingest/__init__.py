"""Ingest jobs: their requests, their uploads, and the processing of their rows."""
