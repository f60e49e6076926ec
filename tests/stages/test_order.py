"""Whole documents of facts through count, sequence and both_sides: what holds for every one of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.page_stages.dossier import BLANK, Dossier, Leaf, Typist, judge, misread
from benchmarks.page_stages.faulty import FAULTY
from benchmarks.page_stages.healthy import HEALTHY, duplex, simplex

SEEDS = st.integers(0, 10_000)
FORMS = ("{n}", "- {n} -", "Trang {n}", "Trang {n}/{t}", "{n}/{t}")
SOUND = [kind for kind in HEALTHY if kind.__name__ not in ("long_decision", "rescanned", "listed_by_name", "excerpt")]
"""Kinds whose scanner's numbers are sound and whose files are listed as scanned."""


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(SOUND), SEEDS, st.floats(0, 1 / 3))
def test_misread_numbers_never_reject_a_healthy_document(kind: object, seed: int, share: float) -> None:
    """Whatever a third of the printed numbers is read as, while the scanner's numbers are sound."""
    assert callable(kind)
    dossier = kind(Typist(seed)).dossier
    assert judge(misread(dossier, np.random.default_rng(seed), share)).codes == ()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(st.just(""), st.integers(0, 120).map(str)), min_size=1, max_size=14), SEEDS, st.booleans())
def test_printed_numbers_alone_never_reject(shown: list[str], seed: int, two_sided: bool) -> None:
    """Any numbers at all: one source is one source."""
    typist = Typist(seed)
    leaves = [typist.leaf(number, words=20) for number in shown]
    document = duplex([*leaves, *([BLANK] if len(leaves) % 2 else [])]) if two_sided else simplex(leaves)
    assert judge(document).codes == ()


@settings(deadline=None, max_examples=60)
@given(st.integers(3, 10), SEEDS, st.sampled_from(FORMS), st.data())
def test_exchanged_pages_are_found_where_list_and_names_say_so(
    length: int, seed: int, form: str, data: st.DataObject
) -> None:
    """Any two numbered pages of a document whose numbers were read, in every form of number."""
    typist = Typist(seed)
    leaves = [typist.leaf(form.format(n=n, t=length), words=20) for n in range(1, length + 1)]
    a = data.draw(st.integers(0, length - 2))
    b = data.draw(st.integers(a + 1, length - 1))
    order = list(range(length))
    order[a], order[b] = b, a
    names = tuple(f"{at + 1:04d}.jpg" for at in order)
    found = judge(simplex([leaves[at] for at in order], names=names, listed=tuple(order)))
    assert set(found.codes) == {"pages_swapped"}
    assert {f"ảnh thứ {at + 1}" in found.message for at in (a, b)} == {True}


@settings(deadline=None, max_examples=60)
@given(st.integers(4, 12), SEEDS, st.data())
def test_a_page_that_scanner_and_print_both_miss_is_found(length: int, seed: int, data: st.DataObject) -> None:
    """One or two pages in a row that never arrived, and a declaration made from what did."""
    typist = Typist(seed)
    leaves = [typist.leaf(str(n), words=20) for n in range(1, length + 1)]
    first = data.draw(st.integers(1, length - 2))
    lost = set(range(first, min(first + data.draw(st.integers(1, 2)), length - 1)))
    kept = [at for at in range(length) if at not in lost]
    found = judge(simplex([leaves[at] for at in kept], sequences=tuple(at + 1 for at in kept)))
    assert found.codes == ("page_missing",)
    assert f"thiếu số quét {first + 1}" in found.message


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=8), SEEDS, st.booleans())
def test_no_side_is_lost_and_none_is_chosen_alone(
    sheets: list[tuple[bool, bool]], seed: int, declared_two: bool
) -> None:
    """R1 over whole documents: fronts only where every back is blank, else every side; blank sides are no twins."""
    typist = Typist(seed)
    leaves = [typist.leaf(words=20) if written else BLANK for sheet in sheets for written in sheet]
    sides = len(leaves) if declared_two else len(sheets)
    found = judge(Dossier(tuple(leaves), (len(sheets), sides, 0)))
    everything = tuple(range(1, len(leaves) + 1))
    assert found.codes == ()
    assert found.selected == (everything if any(back for _, back in sheets) else everything[::2])
    assert not any(flag.startswith("double_capture") for flag in found.flags)


@pytest.mark.parametrize("kind", [*HEALTHY, *FAULTY], ids=lambda kind: kind.__name__)
def test_facts_are_those_of_the_stages(kind: object) -> None:
    """A document's verdict is the right one on a seed that the benchmark does not use."""
    from benchmarks.page_stages.order import verdict_wrong

    assert callable(kind)
    case = kind(Typist(977))
    assert verdict_wrong(case, judge(misread(case.dossier, np.random.default_rng(3), 0.1, case.legible))) == ""


def test_a_sheet_captured_again_is_named_with_what_to_do() -> None:
    """Which image, which sheet and side, of which one, and why it is certain."""
    typist = Typist(5)
    leaves = [typist.leaf(str(n)) for n in range(1, 7)]
    leaves[3] = replace(leaves[2], again=1)
    found = judge(duplex(leaves))
    assert found.codes == ("double_capture",)
    assert "Ảnh thứ 4 (0004.jpg; tờ 2, mặt sau) chụp lại đúng trang của ảnh thứ 3 (0003.jpg)" in found.message
    assert "Hãy bỏ ảnh chụp lặp, quét trang còn thiếu rồi gửi lại cả bộ." in found.message


def test_everything_that_two_sources_say_is_said_at_once() -> None:
    """A page that never arrived, and another captured twice in place of the next."""
    typist = Typist(6)
    leaves = [typist.leaf(str(n)) for n in range(1, 11)]
    leaves[7] = replace(leaves[6], again=1)
    kept = [at for at in range(10) if at != 2]
    found = judge(simplex([leaves[at] for at in kept], sequences=tuple(at + 1 for at in kept)))
    assert found.codes == ("page_missing", "double_capture")


def test_a_whole_stack_face_down_is_said_so() -> None:
    """In place of one sentence for each blank front."""
    typist = Typist(7)
    fronts = [typist.leaf(str(n)) for n in range(5, 0, -1)]
    found = judge(duplex([side for leaf in fronts for side in (BLANK, leaf)]))
    assert found.codes == ("fed_upside_down",)
    assert "cả chồng giấy đã bị đặt úp ngược trong khay máy quét (5 tờ)" in found.message


def test_flags_of_a_long_muddle_fit_into_the_facts() -> None:
    """Four hundred pages whose numbers make no sense."""
    rng = np.random.default_rng(1)
    typist = Typist(8)
    leaves = [typist.leaf(str(rng.integers(1, 900)), words=5) for _ in range(400)]
    found = judge(simplex(leaves))
    assert found.codes == ()
    assert found.flags[-1].startswith("more_flags:")


def test_leaf_is_a_side() -> None:
    """What the benchmark makes of a side is a page text like any other."""
    from benchmarks.page_stages import dossier
    from benchmarks.stepwise import Shelf
    from models.text import PageText
    from stages.ocr.stage import TextRead

    shelf = Shelf()
    (read,) = [
        fact
        for fact in dossier.page_facts(Leaf("Trang 2/5", words=("một", "hai")), shelf)
        if isinstance(fact, TextRead)
    ]
    text = PageText.model_validate_json(shelf.get(read.text))
    assert text.text == "một hai\nTrang 2/5"
