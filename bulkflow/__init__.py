"""bulkflow: pipeline files that load rows into Salesforce with the Bulk API 2.0."""

__version__ = "0.1.0"
