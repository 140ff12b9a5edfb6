"""What the steps do: create, wait, extract, abort, delete."""
