"""The execution of steps: upload, polling, retry and undo."""
