"""The installation that a command works for: its settings, checked, and where its schema ids come from."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidings.config import Installation


def installed() -> "Installation":
    """The settings of this process; from here on records are written and read with this installation's schema ids.

    Every command that writes or reads records begins with this, and so does every process that it starts. The registry
    is asked when the first record needs it, not here.
    """
    from tidings.config import load

    installation = load()
    if installation.schema_registry.url is not None:
        from schemas import codec
        from tidings.schema_registry import SchemaRegistry

        codec.use(SchemaRegistry(installation.schema_registry.url))
    return installation
