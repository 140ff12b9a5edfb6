"""The web page at `/`: its data, HTML, CSS and JavaScript."""
