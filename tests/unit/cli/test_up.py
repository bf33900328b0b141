from schemas.words import Channel
from tidings.cli.up import everything
from tidings.config import Sandbox

CHILDREN = ("ticker", "decide", "dispatch", "credit", "settle", "email", "sandbox")
CHANNELS = Sandbox().channels


def test_nothing_is_served_unless_it_is_asked_for() -> None:
    children = everything(CHANNELS)
    assert tuple(child.name for child in children) == CHILDREN
    assert not any("--http-port" in child.command for child in children)


def test_each_process_is_told_a_port_of_its_own() -> None:
    commands = [child.command for child in everything(CHANNELS, 9100)]
    assert [command[command.index("--http-port") + 1] for command in commands] == [
        "9100", "9101", "9102", "9103", "9104", "9105", "9106",
    ]  # fmt: skip


def test_every_channel_has_one_gateway() -> None:
    assert "sandbox" not in [child.name for child in everything(())]
    assert "email" not in [child.name for child in everything((Channel.EMAIL, Channel.SMS))]
    assert {*CHANNELS, Channel.EMAIL} == set(Channel)


def test_the_unsubscribe_page_runs_where_links_lead_to_it() -> None:
    assert "unsubscribe" not in [child.name for child in everything(())]
    assert "unsubscribe" in [child.name for child in everything((), page=True)]
