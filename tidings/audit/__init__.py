"""The audit: both sides of the laws, counted over the topics of an installation."""
