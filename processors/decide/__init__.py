"""The stage that owns everything about a contact: who it is, what is planned for it, what was already heard of it."""
