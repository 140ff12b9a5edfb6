"""Text for terminals: escapes, numbers, styles and widths."""
