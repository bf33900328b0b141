"""The stage that owns everything about an address: consent, what was sent to it, what waits for its hour."""
