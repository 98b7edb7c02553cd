"""Who is asking, and what that actor may read."""
