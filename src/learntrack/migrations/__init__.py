"""Beanie migrations, run by `learntrack migrate` in the order of their names (NUMBER_what_it_does.py).

Each has a `Forward` class with `iterative_migration` or `free_fall_migration` methods, and raises
`documents.base.SCHEMA_VERSION` by one.
"""
