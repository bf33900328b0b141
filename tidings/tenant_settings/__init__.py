"""A tenant's settings as people keep them: shown, compared and changed as a whole, by a file."""
