"""The in-memory runner: the stages of the topology on a virtual clock, for tests, rehearsals, replays and "why"."""

from tidings.memory.runner import MemoryRunner, TimerLeftStanding

__all__ = ["MemoryRunner", "TimerLeftStanding"]
