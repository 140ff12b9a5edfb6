"""What every part of the sandbox uses: behavior, clock, ids, limits."""
