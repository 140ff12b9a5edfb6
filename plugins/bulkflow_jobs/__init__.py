"""What jobs of the Bulk API 2.0 have in common: how they are run, polled, journaled and listed."""
