"""How a contract speaks when an upgrade breaks it."""


def promised(is_kept: object, guarantee: str, relied_on_in: str) -> None:
    """A behaviour of the locked wheels that the engine stands on."""
    assert is_kept, f"The upgrade endangers this: {guarantee} Mend {relied_on_in} before you take the new version."


def still_needed(is_so: object, behaviour: str, worked_around_in: str) -> None:
    """A behaviour of the locked wheels that the engine works around."""
    assert is_so, f"This is no longer so: {behaviour} The workaround in {worked_around_in} can go."
