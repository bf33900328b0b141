"""What the engine's integration tests share."""

from tests.integration.streams.raised import tower

__all__ = ["tower"]
