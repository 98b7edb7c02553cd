"""The write path: starting and updating content sessions."""
