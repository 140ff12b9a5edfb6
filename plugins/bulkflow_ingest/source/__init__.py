"""Reads the source of a job: finds its files, makes them ready to send, divides them into parts."""
