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


KNOWN = []
