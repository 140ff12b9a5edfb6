"""What is checked against the org before the first row is fetched."""
