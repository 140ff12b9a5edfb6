"""The steps that control a run: retry, continue, stop, fail, log, pause."""
