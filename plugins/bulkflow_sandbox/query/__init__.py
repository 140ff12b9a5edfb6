"""Query jobs: their requests, the work on them, and their results page by page."""
