"""What a job has to load, part by part, and how far it is."""
