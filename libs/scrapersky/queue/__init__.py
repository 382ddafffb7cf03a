"""The queue in PostgreSQL: claims, leases, settling and the run loop."""
