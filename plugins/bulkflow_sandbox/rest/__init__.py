"""The REST API without jobs: versions, limits, describes, records and queries."""
