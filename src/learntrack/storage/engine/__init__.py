"""The embedded engine: a MongoDB-wire server as a child process."""
