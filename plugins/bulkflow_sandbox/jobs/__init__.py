"""Jobs of all kinds: their properties, their table, and the worker that processes them."""
