from tidings.cli.up import everything

CHILDREN = ("ticker", "decide", "dispatch", "credit", "settle", "email")


def test_nothing_is_served_unless_it_is_asked_for() -> None:
    children = everything()
    assert tuple(child.name for child in children) == CHILDREN
    assert not any("--http-port" in child.command for child in children)


def test_each_process_is_told_a_port_of_its_own() -> None:
    commands = [child.command for child in everything(9100)]
    assert [command[command.index("--http-port") + 1] for command in commands] == [
        "9100", "9101", "9102", "9103", "9104", "9105",
    ]  # fmt: skip
