"""Made-up customers, receipts and run reports: a bulkflow plugin to copy."""
