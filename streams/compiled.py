"""Whether Faust has its compiled parts: without them it is slow, and acks differently from what is tested."""

import faust.streams


def is_compiled() -> bool:
    """Whether the stream iterator is the compiled one."""
    return getattr(faust.streams, "_CStreamIterator", None) is not None
