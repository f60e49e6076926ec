"""Documents on which nothing went wrong at the scanner, odd as their numbers may be. Each kind is a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchmarks.page_stages.dossier import BLANK, Dossier, Leaf, Typist

ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")


@dataclass(frozen=True)
class Case:
    """A document and its truth: rejected with ``code``, or a copy of these sides (positions from 0; None: all).

    ``flags``: what has to be noticed. ``legible``: positions whose printed numbers the truth rests on.
    """

    dossier: Dossier
    code: str = ""
    copy: tuple[int, ...] | None = None
    flags: tuple[str, ...] = ()
    legible: tuple[int, ...] = ()


def simplex(leaves: Sequence[Leaf], **more: object) -> Dossier:
    """Scanned on one side, as declared."""
    return replace(Dossier(tuple(leaves), (len(leaves), len(leaves), 0)), **more)  # type: ignore[arg-type]


def duplex(leaves: Sequence[Leaf], **more: object) -> Dossier:
    """Both sides declared and scanned."""
    return replace(Dossier(tuple(leaves), (len(leaves) // 2, len(leaves), 0)), **more)  # type: ignore[arg-type]


def decree(t: Typist, pages: int, form: str = "{n}", at: str = "top") -> list[Leaf]:
    """Decree 30: the first page carries no number."""
    return [t.leaf(form.format(n=n, t=pages) if n > 1 else "", at) for n in range(1, pages + 1)]


def counted(t: Typist, pages: int, form: str = "Trang {n}/{t}", at: str = "right", first: int = 1) -> list[Leaf]:
    """Every page is numbered."""
    return [t.leaf(form.format(n=n, t=pages), at) for n in range(first, first + pages)]


def even(leaves: Sequence[Leaf]) -> list[Leaf]:
    """With a blank back at the end, where the last sheet has none."""
    return [*leaves, *([BLANK] if len(leaves) % 2 else [])]


def backed(leaves: Sequence[Leaf]) -> list[Leaf]:
    """With a blank back behind each."""
    return [side for leaf in leaves for side in (leaf, BLANK)]


def some(t: Typist, least: int, most: int) -> int:
    return int(t.rng.integers(least, most + 1))


def decision(t: Typist) -> Case:
    return Case(simplex(decree(t, some(t, 1, 9))))


def long_decision(t: Typist) -> Case:
    return Case(simplex(decree(t, some(t, 60, 130))))


def dashes(t: Typist) -> Case:
    return Case(simplex(decree(t, some(t, 3, 9), "- {n} -")))


def bottom_numbers(t: Typist) -> Case:
    return Case(simplex(counted(t, some(t, 2, 9), "{n}", "bottom")))


def contract(t: Typist) -> Case:
    form = ("Trang {n}/{t}", "{n}/{t}", "Hợp đồng số 12/2025 Trang {n}/{t}")[some(t, 0, 2)]
    return Case(simplex(counted(t, some(t, 2, 9), form)))


def appendices(t: Typist) -> Case:
    parts = [decree(t, some(t, 2, 6))]
    parts += [
        counted(t, some(t, 1, 6), "{n}", "top") if t.rng.random() < 0.5 else decree(t, some(t, 1, 6))
        for _ in range(some(t, 1, 4))
    ]
    return Case(simplex([leaf for part in parts for leaf in part]))


def numbered_on(t: Typist) -> Case:
    """The appendix goes on with the decision's numbers; its first page has none."""
    leaves = decree(t, some(t, 5, 9))
    at = some(t, 2, 3)
    leaves[at] = replace(leaves[at], shown="")
    return Case(simplex(leaves))


def stapled(t: Typist) -> Case:
    """A dossier: letters without numbers, forms, a contract, a decision, in one stack."""
    makers: list[Callable[[], list[Leaf]]] = [
        lambda: [t.leaf() for _ in range(some(t, 1, 2))],
        lambda: decree(t, some(t, 1, 5)),
        lambda: counted(t, some(t, 2, 4)),
        lambda: [replace(t.leaf(words=40), filled=1)],
    ]
    return Case(simplex([leaf for _ in range(some(t, 3, 6)) for leaf in makers[some(t, 0, 3)]()]))


def roman_front(t: Typist) -> Case:
    front = [t.leaf(ROMAN[n], "bottom") for n in range(some(t, 2, 6))]
    return Case(simplex([*front, *counted(t, some(t, 3, 9), "{n}", "bottom")]))


def two_sided(t: Typist) -> Case:
    return Case(duplex(even(decree(t, some(t, 3, 12)))))


def two_sided_fronts_numbered(t: Typist) -> Case:
    """One back is written on, the others are blank and carry no number."""
    leaves = backed(counted(t, some(t, 2, 7), "{n}", "top"))
    leaves[2 * some(t, 0, len(leaves) // 2 - 1) + 1] = t.leaf(words=12)
    return Case(duplex(leaves))


def blank_backs_scanned(t: Typist) -> Case:
    fronts = decree(t, some(t, 1, 8))
    dossier = replace(duplex(backed(fronts)), declared=(len(fronts), len(fronts), 0))
    return Case(dossier, copy=tuple(range(0, 2 * len(fronts), 2)))


def landscape(t: Typist) -> Case:
    """Tables across: the number stands at the paper's edge, turned, and is read as something else or not at all."""
    leaves = decree(t, some(t, 3, 8))
    for at in range(2, len(leaves)):
        leaves[at] = replace(leaves[at], at="side", shown=("N", "1", "m", "4")[some(t, 0, 3)])
    return Case(simplex(leaves))


def table_columns(t: Typist) -> Case:
    """A table that goes on repeats its row of column numbers at the top of each page."""
    leaves = decree(t, 2) + [t.leaf("(1)|2|3", "row") for _ in range(some(t, 2, 4))]
    return Case(simplex([replace(leaf, shown=leaf.shown.replace("(1)", "1")) for leaf in leaves]))


def written_over(t: Typist) -> Case:
    """A clerk's pen over the number: read badly, or not."""
    leaves = decree(t, some(t, 4, 8))
    for at in t.rng.permutation(len(leaves))[: len(leaves) // 3]:
        leaves[at] = replace(leaves[at], shown=str(some(t, 1, 99)), confidence=0.3)
    return Case(simplex(leaves))


def double_sided_forms(t: Typist) -> Case:
    """The same printed form on both sides and on each sheet, filled in by different people."""
    front, back = t.leaf(words=60), t.leaf(words=60)
    sides = [
        replace(leaf, words=(*leaf.words[:40], *t.text(20)), filled=n)
        for n in range(1, some(t, 2, 5))
        for leaf in (front, back)
    ]
    return Case(duplex(sides))


def forms_by_hand(t: Typist) -> Case:
    """One printed form again and again: its print reads the same, the pen differs."""
    form = t.leaf(words=60)
    return Case(simplex([replace(form, filled=n) for n in range(1, some(t, 3, 7))]))


def forms_typed(t: Typist) -> Case:
    form = t.leaf(words=60)
    return Case(simplex([replace(form, words=(*form.words[:45], *t.text(12))) for _ in range(some(t, 2, 6))]))


def empty_forms(t: Typist) -> Case:
    """The same form twice, not filled in: nobody can tell it from a side captured twice, so it is looked at."""
    form = t.leaf(words=60)
    return Case(simplex([form, replace(form, again=1)]), flags=("double_capture",))


def ruled_pages(t: Typist) -> Case:
    """Empty lists to be filled in, all alike, without numbers of their own but counted: 1, 2, -, -, 5."""
    leaves = counted(t, some(t, 6, 9), "{n}", "top")
    leaves[2] = t.leaf(words=40)
    leaves[3] = replace(leaves[2], again=1)
    return Case(simplex(leaves), flags=("double_capture",))


def two_copies(t: Typist) -> Case:
    """Two originals of one contract, one behind the other."""
    leaves = counted(t, some(t, 2, 5))
    return Case(simplex([*leaves, *(replace(leaf, again=1) for leaf in leaves)]))


def excerpt(t: Typist) -> Case:
    """Pages 37 to 40 of something: whoever looks must say whether the rest was handed in."""
    leaves = [t.leaf(str(n)) for n in range(37, 37 + some(t, 2, 4))]
    return Case(simplex(leaves), flags=("printed_gap",), legible=(0,))


def rescanned(t: Typist) -> Case:
    """The scanner's operator deleted an image and took it again: its numbers have a gap, the pages none."""
    leaves = decree(t, some(t, 4, 9))
    gap = some(t, 1, len(leaves) - 2)
    numbers = tuple(n + (n > gap) for n in range(1, len(leaves) + 1))
    return Case(simplex(leaves, sequences=numbers), flags=("sequence_gap",))


def unmanifested(t: Typist) -> Case:
    return Case(replace(simplex(decree(t, some(t, 1, 7))), declared=None))


def noted(t: Typist) -> Case:
    """A page with a sticky note, scanned with it and without it."""
    leaves = decree(t, some(t, 2, 6))
    extra = replace(leaves[0], again=1)
    dossier = Dossier((*leaves, extra), (len(leaves), len(leaves), 1), notes={len(leaves): 1})
    return Case(dossier, copy=tuple(range(len(leaves))))


def listed_by_name(t: Typist) -> Case:
    """The list is sorted by name, so page 10 stands before page 2."""
    leaves = decree(t, some(t, 11, 14))
    names = tuple(f"trang{n}.jpg" for n in range(1, len(leaves) + 1))
    listed = tuple(sorted(range(len(leaves)), key=lambda at: names[at]))
    return Case(simplex(leaves, names=names, listed=listed), flags=("sequence_order",))


def stale_total(t: Typist) -> Case:
    """The template says five pages whatever the paper has."""
    leaves = [t.leaf(f"Trang {n}/5", "right") for n in range(1, some(t, 3, 4) + 1)]
    return Case(simplex(leaves), flags=("printed_total",), legible=tuple(range(len(leaves))))


def book(t: Typist) -> Case:
    """A cover with a blank back, then both sides numbered from 1."""
    return Case(duplex([t.leaf(words=8), BLANK, *even(counted(t, some(t, 4, 9), "{n}", "bottom"))]))


def appendix_on_the_back(t: Typist) -> Case:
    return Case(duplex(even([*decree(t, 2 * some(t, 1, 3) + 1), *decree(t, some(t, 2, 6))])))


def backs_left_out(t: Typist) -> Case:
    """The scanner's driver counted the blank backs and did not send them."""
    leaves = decree(t, some(t, 3, 8))
    numbers = tuple(range(1, 2 * len(leaves), 2))
    return Case(simplex(leaves, sequences=numbers), flags=("backs_not_sent",))


def unsure_back(t: Typist) -> Case:
    leaves = backed(decree(t, some(t, 2, 6)))
    leaves[2 * some(t, 0, len(leaves) // 2 - 1) + 1] = Leaf(verdict="unsure")
    return Case(duplex(leaves), flags=("unsure_back",))


def inked_back_undeclared(t: Typist) -> Case:
    fronts = decree(t, some(t, 2, 6))
    leaves = backed(fronts)
    leaves[2 * some(t, 0, len(fronts) - 1) + 1] = t.leaf(words=15)
    return Case(replace(duplex(leaves), declared=(len(fronts), len(fronts), 0)), flags=("declared_sides",))


def no_inked_back_though_declared(t: Typist) -> Case:
    leaves = backed(decree(t, some(t, 2, 6)))
    return Case(duplex(leaves), copy=tuple(range(0, len(leaves), 2)), flags=("declared_sides",))


HEALTHY: tuple[Callable[[Typist], Case], ...] = (
    decision, long_decision, dashes, bottom_numbers, contract, appendices, numbered_on, stapled, roman_front, two_sided,
    two_sided_fronts_numbered, blank_backs_scanned, landscape, table_columns, written_over, double_sided_forms,
    forms_by_hand, forms_typed, empty_forms, ruled_pages, two_copies, excerpt, rescanned, unmanifested, noted, listed_by_name,
    stale_total, book, appendix_on_the_back, backs_left_out, unsure_back, inked_back_undeclared,
    no_inked_back_though_declared,
)  # fmt: skip
