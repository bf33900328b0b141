import os
import subprocess
import sys
from pathlib import Path

import pytest

from tidings.claim import Claim, Taken


def test_a_second_claim_names_who_has_the_folder(tmp_path: Path) -> None:
    first = Claim(tmp_path / "w1" / "decide", "worker w1 of stage decide")
    with pytest.raises(Taken, match=rf"worker w1 of stage decide runs already \(process {os.getpid()}\)"):
        Claim(tmp_path / "w1" / "decide", "worker w1 of stage decide")
    first.release()
    Claim(tmp_path / "w1" / "decide", "worker w1 of stage decide").release()


def test_other_stages_and_other_workers_have_folders_of_their_own(tmp_path: Path) -> None:
    claims = [Claim(tmp_path / worker / stage, "…") for worker in ("w1", "w2") for stage in ("decide", "settle")]
    for claim in claims:
        claim.release()


def test_a_process_that_was_killed_leaves_no_claim(tmp_path: Path) -> None:
    program = (
        f"from pathlib import Path; from tidings.claim import Claim\nheld = Claim(Path({str(tmp_path)!r}) / 'w1', 'w1')"
    )
    killed = subprocess.run([sys.executable, "-c", f"{program}\nimport os; os.kill(os.getpid(), 9)"], check=False)
    assert killed.returncode == -9
    Claim(tmp_path / "w1", "w1").release()


def test_the_folder_itself_may_be_removed_while_it_is_claimed(tmp_path: Path) -> None:
    folder = tmp_path / "w1"
    folder.mkdir()
    first = Claim(folder, "w1")
    folder.rmdir()
    with pytest.raises(Taken):
        Claim(folder, "w1")
    first.release()
