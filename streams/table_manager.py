"""The table manager: Faust's own, which subscribes at once."""

import faust.tables.manager


class TableManager(faust.tables.manager.TableManager):
    """Knows the one table of a stage, which is there before anything starts."""

    async def on_start(self) -> None:
        """Begin without the second that faust 0.15.3 sleeps here, in which agents might add tables.

        It would lengthen the way back to the group after each kill.
        """
        if not self.should_stop:
            await self._update_channels()
            await self.recovery.start()
