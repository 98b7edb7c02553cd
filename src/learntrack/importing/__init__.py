"""Moving in: reading another system's history and storing it as our own."""
