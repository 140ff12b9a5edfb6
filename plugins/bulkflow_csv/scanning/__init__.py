"""Find the records of a file, and cut it into parts."""
