"""The demo: a day of two food pantries, and what has to become of each of its events."""
