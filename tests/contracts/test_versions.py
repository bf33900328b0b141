from importlib.metadata import version

import faust.streams
import pytest

from streams.compiled import is_compiled
from tests.contracts.upgrade import promised

EXACT = {
    "faust-streaming": "0.15.3",
    "mode-streaming": "0.7.1",
    "aiokafka": "0.14.0",
    "rocksdict": "0.3.29",
}


@pytest.mark.parametrize("wheel", EXACT)
def test_the_wheels_are_those_that_the_contracts_were_made_for(wheel: str) -> None:
    promised(
        version(wheel) == EXACT[wheel],
        f"that {wheel} behaves as it did in {EXACT[wheel]}; {version(wheel)} has to pass all of this folder first.",
        "pyproject.toml and tests/contracts/test_versions.py",
    )


def test_the_stream_iterator_is_the_compiled_one() -> None:
    iterator = vars(faust.streams)["_CStreamIterator"]
    promised(
        is_compiled() and iterator.__module__ == "faust._cython.streams",
        "that the wheel brings Faust's compiled stream iterator, which is fast and acks as was tested.",
        "streams.worker._require_cython",
    )
