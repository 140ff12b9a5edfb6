"""Schemas: objects with their fields and rules, and the user's permissions."""
