"""The requests of ingest jobs, and the responses to them."""
