"""People, the collections that they belong to, and what is assigned to those."""
