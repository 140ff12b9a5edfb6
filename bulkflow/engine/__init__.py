"""Runs a plan: order, handlers, loops, branches, interruption."""
