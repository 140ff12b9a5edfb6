"""Find the records of a file, and split it into parts."""
