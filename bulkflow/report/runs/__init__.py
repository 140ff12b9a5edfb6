"""Reports of a run: live on a terminal, as plain lines, as JSON Lines."""
