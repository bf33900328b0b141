"""A mailbox for people and tests: an SMTP server on loopback that delivers to a web page instead of to anybody."""
