"""Rehearsals: a scenario file through the very topology that production runs, with simulated providers."""

from tidings.rehearsal.matching import Difference
from tidings.rehearsal.outcome import Outcome
from tidings.rehearsal.rehearse import Rehearsal, rehearse

__all__ = ["Difference", "Outcome", "Rehearsal", "rehearse"]
