"""The result files of jobs."""
