"""Market data: recordings and synthetic streams as arrays of events."""
