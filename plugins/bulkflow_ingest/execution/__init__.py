"""How jobs are run: upload, polling, retry, undo."""
