"""The words that steer a run: retry, continue, stop, fail, log, pause."""
