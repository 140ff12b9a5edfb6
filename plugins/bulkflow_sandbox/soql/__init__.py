"""SOQL: parsing queries, and compiling them to SQL on the sandbox's tables."""
