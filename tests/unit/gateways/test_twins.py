from pathlib import Path

from gateways.worker import MISCONFIGURED, run
from tidings.claim import Claim
from tidings.config import Installation, Worker


def test_a_second_gateway_of_the_same_name_ends_before_it_touches_the_ledger_of_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "gateways" / "w1" / "email"
    (folder / "ledger-0").mkdir(parents=True)
    first = Claim(folder, "gateway email w1")
    assert run(Installation(home=tmp_path, worker=Worker(name="w1")), "email") == MISCONFIGURED
    assert (folder / "ledger-0").is_dir()
    first.release()
