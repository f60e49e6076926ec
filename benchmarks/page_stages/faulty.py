"""Documents on which something went wrong at the scanner or in the declaration. Each kind is a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from benchmarks.page_stages.dossier import BLANK, Dossier, Leaf, Typist
from benchmarks.page_stages.healthy import Case, backed, counted, decree, duplex, even, simplex, some


def _exchanged(leaves: Sequence[Leaf], a: int, b: int) -> list[Leaf]:
    found = list(leaves)
    found[a], found[b] = found[b], found[a]
    return found


def swapped(t: Typist) -> Case:
    """The scanner counted two sheets the wrong way round; list and file names follow the paper."""
    leaves = decree(t, some(t, 4, 9))
    first = some(t, 1, len(leaves) - 2)
    order = list(range(len(leaves)))
    order[first], order[first + 1] = first + 1, first
    names = tuple(f"{at + 1:04d}.jpg" for at in order)
    dossier = simplex(_exchanged(leaves, first, first + 1), names=names, listed=tuple(order))
    return Case(dossier, code="pages_swapped", legible=(first, first + 1))


def moved_far(t: Typist) -> Case:
    """One sheet came first to the scanner that lies fourth or later; the names know."""
    leaves = counted(t, some(t, 6, 9), "{n}", "top")
    far = some(t, 3, len(leaves) - 1)
    order = [far, *(at for at in range(len(leaves)) if at != far)]
    names = tuple(f"trang{at + 1}.jpg" for at in order)
    dossier = simplex([leaves[at] for at in order], names=names)
    return Case(dossier, code="pages_swapped", legible=tuple(range(len(leaves))))


def misfed(t: Typist) -> Case:
    """Two sheets lay the wrong way round; only their printed numbers tell."""
    leaves = decree(t, some(t, 4, 9))
    first = some(t, 1, len(leaves) - 2)
    return Case(simplex(_exchanged(leaves, first, first + 1)), flags=("printed_",), legible=(first, first + 1))


def lost_side(t: Typist) -> Case:
    """A file never arrived; the declared number tells."""
    leaves = decree(t, some(t, 4, 9))
    lost = some(t, 0, len(leaves) - 2)
    numbers = tuple(n for n in range(1, len(leaves) + 1) if n != lost + 1)
    kept = [leaf for at, leaf in enumerate(leaves) if at != lost]
    return Case(Dossier(tuple(kept), (len(leaves), len(leaves), 0), sequences=numbers), code="missing_side")


def lost_and_declared_so(t: Typist) -> Case:
    """The declaration was filled in from the files that arrived; the scanner's numbers and the printed ones tell."""
    leaves = decree(t, some(t, 5, 9))
    lost = some(t, 2, len(leaves) - 3)
    numbers = tuple(n for n in range(1, len(leaves) + 1) if n != lost + 1)
    kept = [leaf for at, leaf in enumerate(leaves) if at != lost]
    return Case(simplex(kept, sequences=numbers), code="page_missing", legible=(lost - 1, lost, lost + 1))


def doubled(t: Typist) -> Case:
    leaves = decree(t, some(t, 2, 8))
    at = some(t, 0, len(leaves) - 1)
    more = [*leaves[: at + 1], replace(leaves[at], again=1), *leaves[at + 1 :]]
    return Case(Dossier(tuple(more), (len(leaves), len(leaves), 0)), code="extra_side")


def doubled_for_another(t: Typist) -> Case:
    """On the glass: one sheet was captured twice, the next one never. The number of images is right."""
    leaves = counted(t, some(t, 5, 9), "{n}", "top")
    at = some(t, 0, len(leaves) - 4)
    leaves[at + 1] = replace(leaves[at], again=1)
    return Case(simplex(leaves), code="double_capture", legible=tuple(range(len(leaves))))


def doubled_at_the_end(t: Typist) -> Case:
    """The last sheet but one twice, the last one never; the total that the pages name tells."""
    leaves = counted(t, some(t, 4, 8))
    leaves[-1] = replace(leaves[-2], again=1)
    return Case(simplex(leaves), code="double_capture", legible=tuple(range(len(leaves))))


def doubled_with_its_number(t: Typist) -> Case:
    """The scanner gave the second capture the first one's number."""
    leaves = [t.leaf() for _ in range(some(t, 3, 6))]
    at = some(t, 0, len(leaves) - 2)
    leaves[at + 1] = replace(leaves[at], again=1)
    numbers = tuple(n if n <= at + 1 else n - 1 for n in range(1, len(leaves) + 1))
    return Case(simplex(leaves, sequences=numbers), code="double_capture")


def doubled_and_declared_so(t: Typist) -> Case:
    """Nothing is missing, and nobody else says that the sheet is there twice."""
    leaves = decree(t, some(t, 2, 6))
    at = some(t, 0, len(leaves) - 1)
    return Case(
        simplex([*leaves[: at + 1], replace(leaves[at], again=1), *leaves[at + 1 :]]), flags=("double_capture",)
    )


def sheet_doubled(t: Typist) -> Case:
    """In duplex: one sheet went through twice, the next one not at all."""
    leaves = counted(t, 2 * some(t, 4, 6), "{n}", "top")
    at = 2 * some(t, 0, len(leaves) // 2 - 3)
    leaves[at + 2], leaves[at + 3] = replace(leaves[at], again=1), replace(leaves[at + 1], again=1)
    return Case(duplex(leaves), code="double_capture", legible=tuple(range(len(leaves))))


def not_turned(t: Typist) -> Case:
    """On the glass, both sides declared: one sheet was not turned over, its front is there twice."""
    leaves = counted(t, 2 * some(t, 3, 5), "{n}", "top")
    at = 2 * some(t, 0, len(leaves) // 2 - 2)
    leaves[at + 1] = replace(leaves[at], again=1)
    return Case(duplex(leaves), code="double_capture", legible=tuple(range(len(leaves))))


def double_feed(t: Typist) -> Case:
    """Two sheets went through at once; the declared sheets tell."""
    leaves = even(counted(t, some(t, 6, 12), "{n}", "top"))
    at = 2 * some(t, 1, len(leaves) // 2 - 1)
    kept = [*leaves[: at - 2], *leaves[at:]]
    return Case(Dossier(tuple(kept), (len(leaves) // 2, len(leaves), 0)), code="missing_side")


def double_feed_declared_so(t: Typist) -> Case:
    """The same, and the declaration came from the images: the printed numbers leave out a sheet."""
    leaves = counted(t, 2 * some(t, 4, 6), "{n}", "top")
    at = 2 * some(t, 1, len(leaves) // 2 - 3)
    kept = [*leaves[:at], *leaves[at + 2 :]]
    return Case(duplex(kept), flags=("double_feed", "printed_gap"), legible=tuple(range(len(kept))))


def upside_down(t: Typist) -> Case:
    """One sheet, or letters without numbers, face down in a duplex feeder."""
    leaves = [side for _ in range(some(t, 1, 4)) for side in (BLANK, t.leaf())]
    return Case(duplex(leaves), flags=("fed_upside_down", "blank_front"))


def upside_down_and_backwards(t: Typist) -> Case:
    """The whole stack was turned over: backs first, last sheet first."""
    fronts = counted(t, some(t, 4, 8), "{n}", "top")
    leaves = [side for leaf in reversed(fronts) for side in (BLANK, leaf)]
    return Case(duplex(leaves), code="fed_upside_down", legible=tuple(range(len(leaves))))


def backwards(t: Typist) -> Case:
    leaves = decree(t, some(t, 5, 9))[::-1]
    return Case(simplex(leaves), flags=("printed_reversed",), legible=tuple(range(len(leaves))))


def one_side_of_two(t: Typist) -> Case:
    """Both sides were declared, and the scanner took the fronts."""
    leaves = even(decree(t, some(t, 3, 8)))
    return Case(Dossier(tuple(leaves[::2]), (len(leaves) // 2, len(leaves), 0)), code="missing_side")


def blanks_dropped(t: Typist) -> Case:
    """The driver threw blank backs away though another back is written on."""
    leaves = backed(decree(t, some(t, 3, 7)))
    leaves[1] = t.leaf()
    kept = [at for at, leaf in enumerate(leaves) if leaf.verdict != "blank"]
    numbers = tuple(at + 1 for at in kept)
    declared = (len(leaves) // 2, len(leaves), 0)
    return Case(Dossier(tuple(leaves[at] for at in kept), declared, sequences=numbers), code="missing_side")


def contradicting(t: Typist) -> Case:
    """Three sheets, four pages."""
    leaves = decree(t, some(t, 4, 8))
    return Case(Dossier(tuple(leaves), (len(leaves) - 1, len(leaves), 0)), code="manifest_contradicts")


def note_not_marked(t: Typist) -> Case:
    """The scan with the note came along, and the list does not say which it is."""
    leaves = decree(t, some(t, 2, 6))
    return Case(Dossier((*leaves, replace(leaves[0], again=1)), (len(leaves), len(leaves), 1)), code="count_mismatch")


def note_without_page(t: Typist) -> Case:
    leaves = decree(t, some(t, 2, 6))
    dossier = Dossier((*leaves, t.leaf()), (len(leaves), len(leaves), 1), notes={len(leaves): 40})
    return Case(dossier, code="count_mismatch")


def all_blank(t: Typist) -> Case:
    """One-sided, the whole stack face down."""
    return Case(simplex([BLANK] * some(t, 1, 5)), flags=("all_blank",))


def blank_front(t: Typist) -> Case:
    """One sheet of a one-sided scan lay face down, or of a duplex scan."""
    leaves = decree(t, some(t, 3, 7))
    at = some(t, 0, len(leaves) - 1)
    if t.rng.random() < 0.5:
        leaves[at] = BLANK
        return Case(simplex(leaves), flags=("blank_front",))
    sides = backed(leaves)
    sides[2 * at], sides[2 * at + 1] = sides[2 * at + 1], sides[2 * at]
    return Case(duplex(sides), flags=("blank_front",))


FAULTY: tuple[Callable[[Typist], Case], ...] = (
    swapped, moved_far, misfed, lost_side, lost_and_declared_so, doubled, doubled_for_another, doubled_at_the_end,
    doubled_with_its_number, doubled_and_declared_so, sheet_doubled, not_turned, double_feed, double_feed_declared_so,
    upside_down, upside_down_and_backwards, backwards, one_side_of_two, blanks_dropped, contradicting, note_not_marked,
    note_without_page, all_blank, blank_front,
)  # fmt: skip
