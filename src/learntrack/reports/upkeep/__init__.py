"""Keeping what is derived from the logs up to date, by one process of all that run (see `storage.leases`)."""
