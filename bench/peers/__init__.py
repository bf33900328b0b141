"""Peers: small scripts that run in environments of their own, with the pins beside them, and import nothing of ours."""
