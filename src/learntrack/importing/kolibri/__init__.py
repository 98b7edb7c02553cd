"""A Kolibri as a source: its databases, its people, its logs."""
