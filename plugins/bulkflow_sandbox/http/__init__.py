"""The HTTP side: requests become calls on the sandbox, and what these return becomes answers."""
