"""What can be wrong with a scan: a stable code each, and how much it matters unless settings say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Severity = Literal["reject", "flag", "note"]
"""``reject``: the batch goes back. ``flag``: a person looks. ``note``: written down and no more."""

SEVERITIES: Mapping[str, Severity] = {
    "low_dpi": "flag",
    "grey": "flag",
    "odd_size": "flag",
    "huge": "flag",
    "tiny": "flag",
    "dpi_guessed": "note",
    "wrong_scale": "flag",
    "cut_off": "flag",
    "folded_corner": "flag",
    "fingers": "flag",
    "dark_lid": "note",
    "skewed": "flag",
    "upsampled": "flag",
    "blurred": "flag",
    "washed_out": "flag",
    "too_dark": "flag",
    "coarse_jpeg": "flag",
    "broken_jpeg": "reject",
    "doubtful_jpeg": "flag",
    "show_through": "note",
    "sticky_note": "flag",
    "note_left_on": "reject",
    "note_other_page": "reject",
    "note_swapped": "flag",
    "note_second": "flag",
    "note_identical": "flag",
    "note_unseen": "flag",
    "note_differs": "flag",
}
"""Only what is certain goes back by itself: a file whose decoder says that data are missing, and whose picture shows
it; a page of which there is no scan without its note. All else is measured on pixels, a wrong rejection costs a
citizen's journey, and the paper may look no better."""
