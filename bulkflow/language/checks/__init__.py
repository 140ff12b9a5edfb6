"""From a syntax tree to a checked plan: names, values, phrases, jobs, orgs."""
