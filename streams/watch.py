"""The watch over a worker: once a second it shows that the loop turns and how far each stage is behind."""

import asyncio
from collections.abc import Sequence
from typing import cast

from streams.app import App
from streams.consumer import Consumer
from tidings.health import Health

LOOK_SECONDS = 1.0


async def watch_until_cancelled(apps: Sequence[App], health: Health) -> None:
    """Look at all stages of this process."""
    while True:
        health.turned()
        for app in apps:
            look(app)
        await asyncio.sleep(LOOK_SECONDS)


def look(app: App) -> None:
    """Show one stage as it is now."""
    app.alarm.look()
    app.settings_watch.look()
    app.metrics.slept(app.pulse.longest_sleep_seconds)
    consumer = cast(Consumer | None, app._consumer)
    if consumer is not None and consumer.is_reading:
        prefix = app.topic_prefix
        lags = {(tp.topic.removeprefix(prefix), tp.partition): lag for tp, lag in consumer.lags().items()}
        app.metrics.lags(lags)
