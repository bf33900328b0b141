"""Writes the reference pages, or with `--check` only says which are stale.

python -m tidings.docs           writes docs/reference/*.md
python -m tidings.docs --check   writes nothing; exit status 1 when a page is stale
"""

import sys

from tidings.docs.pages import stale, write


def main(arguments: list[str]) -> int:
    """The exit status."""
    unknown = [each for each in arguments if each != "--check"]
    if unknown:
        print(f"no such option: {unknown[0]}", file=sys.stderr)
        return 2
    if not arguments:
        for name in write():
            print(f"docs/reference/{name} is written")
        return 0
    wrong = stale()
    for line in wrong:
        print(f"docs/reference/{line}; `make docs` writes it", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
