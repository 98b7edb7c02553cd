"""Rules of progress tracking as plain functions: no I/O, no framework."""
