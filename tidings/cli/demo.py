"""x"""


def demo() -> None:
    """Y"""
