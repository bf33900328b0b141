"""One-click unsubscribe (RFC 8058): the keys, the headers of marketing mail, and the page behind the link."""
