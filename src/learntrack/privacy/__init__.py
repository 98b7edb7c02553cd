"""What is stored about one person: handed out, or forgotten."""
