"""Insert, update, upsert and delete of records."""
