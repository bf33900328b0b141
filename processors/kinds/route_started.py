"""Everybody at a stop of a route is told that it has started: once per route and stop."""

from processors.kind import AtOnce, EndOfDay, Kind, Listed
from schemas.kind_settings import RouteStartedSettings
from schemas.words import Channel, InDoubt

KIND = Kind(
    name="route_started",
    on=("route.started", "route.stop_added"),
    audience=Listed(
        opened_by="route.started",
        members="stops",
        joined_by="route.stop_added",
        member="stop",
        by="route_id",
    ),
    once_per="route_id",
    settings=RouteStartedSettings,
    channels={Channel.EMAIL: AtOnce(), Channel.SMS: AtOnce()},
    useful_until=EndOfDay(),
    asks_for_boxes=True,
    in_doubt=InDoubt.WAIT_THEN_RESEND,
)
