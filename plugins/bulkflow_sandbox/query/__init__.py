"""Query jobs: their requests, their processing, and the pages of their results."""
