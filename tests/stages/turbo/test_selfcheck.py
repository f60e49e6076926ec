"""The check against Tesseract: a good network passes and is remembered, a spoilt one does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import OperatorError
from stages.ocr.turbo import graph, selfcheck
from stages.ocr.turbo.network import Network, session
from tests.stages.turbo import trained
from tests.support.memory_models import MemoryModels


@pytest.mark.parametrize("language", ["vie", "eng"])
def test_installed_languages_pass(language: str) -> None:
    """Vietnamese and English, where installed, read as Tesseract does."""
    path = trained.TESSDATA / f"{language}.traineddata"
    if not path.is_file():
        pytest.skip(f"{path.name} is not installed")
    models = MemoryModels()
    verdict = selfcheck.require_trusted(Network.open(path, models), path, models)
    assert verdict.trusted
    assert verdict.turbo_edits <= verdict.tesseract_edits + 0.02 * verdict.characters


def test_a_spoilt_network_is_not_trusted() -> None:
    """A network whose forward layer runs backwards is found out, and the message says what to set."""
    network = Network.open(trained.VIE, MemoryModels())
    (first, _), *others = network.plan.horizontal
    spoilt = replace(network.plan, horizontal=((first, "reverse"), *others))
    wrong = replace(network, steps=session(graph.steps(spoilt, whole=True)))
    with pytest.raises(OperatorError, match="tesseract") as raised:
        selfcheck.require_trusted(wrong, trained.VIE, MemoryModels())
    assert raised.value.code == "turbo_not_trusted"


def test_the_verdict_is_remembered(tmp_path: Path) -> None:
    """A network that was checked is not checked again: the fonts may be gone by then."""
    models = MemoryModels()
    network = Network.open(trained.VIE, models)
    verdict = selfcheck.require_trusted(network, trained.VIE, models)
    assert selfcheck.require_trusted(network, trained.VIE, models, tmp_path / "no-fonts") == verdict


def test_missing_fonts_are_named(tmp_path: Path) -> None:
    """Without fonts there is no check, and the message names the package."""
    with pytest.raises(OperatorError, match="fonts-liberation2") as raised:
        selfcheck.check(Network.open(trained.VIE, MemoryModels()), trained.VIE, tmp_path / "no-fonts")
    assert raised.value.code == "turbo_check_impossible"


def test_a_damaged_verdict_is_made_again() -> None:
    """Half a file after a power cut is no reason to read with another engine for ever."""
    models = MemoryModels()
    network = Network.open(trained.VIE, models)
    verdict = selfcheck.require_trusted(network, trained.VIE, models)
    (name,) = (name for name in models.stored if name.endswith(".json"))
    for damage in (b"", b"{}"):
        models.stored[name] = damage
        assert selfcheck.require_trusted(network, trained.VIE, models) == verdict
        assert models.stored[name] != damage


@given(st.text(max_size=12), st.text(max_size=12))
def test_edits_are_a_distance(one: str, two: str) -> None:
    """Edits are 0 for the same text only, the same both ways, and never more than the longer text."""
    assert (selfcheck.edits(one, two) == 0) == (one == two)
    assert selfcheck.edits(one, two) == selfcheck.edits(two, one)
    assert selfcheck.edits(one, two) <= max(len(one), len(two))
