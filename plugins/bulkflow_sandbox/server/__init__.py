"""Run the sandbox as a server."""
