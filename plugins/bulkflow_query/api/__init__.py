"""The requests about query jobs, and the shapes of their responses."""
