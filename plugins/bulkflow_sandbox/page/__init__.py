"""The page at `/`: what it shows, as data, and the files that show it."""
