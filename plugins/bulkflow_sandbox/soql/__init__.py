"""SOQL: a query's text becomes a tree, and the tree an SQL statement on the sandbox's tables."""
