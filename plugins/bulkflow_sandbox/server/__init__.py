"""The sandbox as an HTTP server: in a thread, on the command line, or in a run."""
