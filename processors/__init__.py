"""What is decided: pure functions from a record and tables to effects; no clock, no chance, no network."""
