"""The pages of a result, fetched several at a time and appended in order."""
