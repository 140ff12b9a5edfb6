"""Jobs of any kind: what they are, where they are kept, and who works on them over time."""
