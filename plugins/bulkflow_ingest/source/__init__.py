"""How a job's rows are made ready to send."""
