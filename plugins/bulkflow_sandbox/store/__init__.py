"""What an org holds, in one SQLite database: records by object, jobs, and counters."""
