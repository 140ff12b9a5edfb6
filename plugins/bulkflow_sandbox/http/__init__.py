"""The HTTP layer: turns requests into calls on the sandbox, and their results into responses."""
