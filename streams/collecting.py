"""Python's search for circles of objects, made rarer: what stages make is many objects, and hardly any in circles."""

import gc

_AFTER_OBJECTS = 50_000


def look_rarely() -> None:
    """Look less often; for programs, not for what they import.

    Said before a program loads its modules it saves a tenth of a worker's start: what is loaded stays.
    """
    gc.set_threshold(_AFTER_OBJECTS, 20, 20)


def collect_rarely() -> None:
    """Leave what stands already out of all collections, and look less often; for programs, not for what they import."""
    gc.collect()
    gc.freeze()
    look_rarely()
