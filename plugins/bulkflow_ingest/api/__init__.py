"""The requests of ingest jobs, and their answers."""
