"""Backups, restoring them, and moving a database to another engine or address: over the wire, whatever stores it."""
