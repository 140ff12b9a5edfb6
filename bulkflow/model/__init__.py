"""Values that several rooms share: frozen, and knowing nothing of files, HTTP or databases."""
