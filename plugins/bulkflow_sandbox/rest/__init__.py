"""What clients touch beside jobs: versions, describes, single records, queries."""
