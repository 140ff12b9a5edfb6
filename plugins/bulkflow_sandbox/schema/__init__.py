"""What an org knows: objects, their fields and rules, and what the user may do to them."""
