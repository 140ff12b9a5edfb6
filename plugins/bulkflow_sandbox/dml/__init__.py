"""Inserts, updates, upserts and deletes records."""
