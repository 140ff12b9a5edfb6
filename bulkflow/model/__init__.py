"""Frozen values that several packages share. They know nothing of files, HTTP or databases."""
