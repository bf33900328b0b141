"""What the YAML reader says of a file, in the words of whoever wrote the file."""

import re
from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    r"found character '\\t'": "a tab stands where only spaces may",
    r"found character '(.)' that cannot start": "a value cannot begin with {0}: put it in quotes",
    r"mapping values are not allowed": (
        "a colon stands where none may; put a value that has one in quotes, "
        "and look whether the line above is indented otherwise or lacks its colon and space"
    ),
    r"found unexpected end of stream": "a quotation mark is not closed",
    r"expected ',' or '(.)'": "a comma, or the closing {0}, is missing",
    r"expected <block end>": (
        "does not fit to the lines above: look at the indentation, and at quotation marks within quotation marks"
    ),
    r"found unknown escape character '(.)'": "in double quotes a backslash is written twice: \\\\{0}",
    r"unacceptable character #x00([0-9a-f]{2})": "holds the control character {0}",
    r"expected the node content, but found '(.)'": "a value is missing before {0}",
    r"expected '<document start>'": "something stands behind its end, such as one bracket too many",
    r"expected chomping or indentation": "behind | the text begins on the next line",
    r"expected a comment or a line break": "behind > or | the text begins on the next line, or the value needs quotes",
    r"expected alphabetic or numeric character": "a value that begins with & or * is put in quotes",
    r"could not find expected ':'": "a colon is missing behind the key",
}


def in_plain_words(said: str) -> str:
    """What ruamel.yaml 0.18 found as a sentence that names no parts of a parser; what is not known stays."""
    for pattern, words in _WORDS.items():
        found = re.search(pattern, said)
        if found is not None:
            return words.format(*found.groups())
    return said
