"""Defects of the page that are known and not mended yet. Each is said at every run; one that is gone has to go from here."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Known:
    """Defects of one kind."""

    check: str
    # What the names of the pages and the defects match, from their beginnings.
    pages: str
    defects: str
    why: str

    def covers(self, check, page, defect):
        matches = re.fullmatch(self.pages, page) and re.match(self.defects, defect, re.DOTALL)
        return check == self.check and bool(matches)


PAPER = "tables that are wider than paper lose columns in print, where .scroll shows what sticks out: style.css, @media print"

KNOWN = [
    Known(
        "it_can_be_printed",
        "sample|run|several runs|nothing measured|one cell",
        r'<table> "(All cells|Bytes as stored|Counts|Where the time)[^"]*" is cut off on paper',
        PAPER,
    ),
    Known("it_can_be_printed", "hostile names|long names|extreme numbers", r"<table> .* is cut off on paper", PAPER),
    Known(
        "text_in_pictures_does_not_overlap",
        "hostile names",
        r".* overlap by [\d.]+ x 1\.\d px",
        "a long label that is broken into lines stands too close where a letter comes from a taller font",
    ),
]
