"""Decoding: greedy rules, doubts decided by context, words where they stand in the crop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import ngram
from models.geometry import Box
from stages.ocr.turbo.beam import Weights, search
from stages.ocr.turbo.ctc import Reader
from stages.ocr.turbo.doubt import Page, Spans
from stages.ocr.turbo.language import Language
from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.network import Network, Probabilities
from stages.ocr.turbo.passage import Alphabet
from tests.stages.turbo import trained
from tests.support.memory_models import MemoryModels


@pytest.fixture(scope="module")
def network() -> Network:
    """The installed Vietnamese network."""
    return Network.open(trained.VIE, MemoryModels())


@pytest.fixture(scope="module")
def language() -> Language:
    """A model that has read one sentence many times."""
    lines = [("sửa đổi, bổ sung một số điều của Nghị định số 63/2010", 1)] * 30
    return Language.parse(ngram.build(lines, 5, (1, 1, 1, 1, 1)))


def steps(network: Network, *shares: dict[str, float]) -> Probabilities:
    """One step per argument; what is left of the chance is the null's."""
    codes = {text: code for code, text in enumerate(network.charset.single(269) or ()) if text}
    found = np.zeros((len(shares), 269), np.float32)
    for row, share in enumerate(shares):
        for text, chance in share.items():
            found[row, codes[text]] = chance
        found[row, 268] = 1 - sum(share.values())
    return found


def spelled(text: str) -> list[dict[str, float]]:
    """A sure step for each character, with a null after it."""
    return [step for character in text for step in ({character: 0.999}, {})]


def texts(reader: Reader, found: list[Probabilities], *, greedy: bool = False) -> list[str]:
    return ["".join(character.text for character in line) for line in reader.decode(found, greedy=greedy)]


def test_repeats_join_and_nulls_part(network: Network) -> None:
    """A code over two steps is one character; with a null between it is two."""
    line = steps(network, {"a": 0.99}, {"a": 0.99}, {}, {"a": 0.99}, {"b": 0.99}, {"b": 0.98})
    assert texts(Reader(network), [line], greedy=True) == ["aab"]
    assert texts(Reader(network), [line]) == ["aab"]


def test_lines_do_not_run_into_each_other(network: Network) -> None:
    """The same code at the end of one line and the start of the next is a character of each; empty lines stay."""
    end, start = steps(network, {}, {"a": 0.99}), steps(network, {"a": 0.99}, {})
    nothing = np.zeros((0, 269), np.float32)
    assert texts(Reader(network), [end, nothing, start]) == ["a", "", "a"]
    assert texts(Reader(network), []) == []


def test_context_decides_a_doubt(network: Network, language: Language) -> None:
    """Of two letters that the network cannot tell apart, the one that fits what is around it is read."""
    line = [*spelled("sửa đổi, b"), {"ố": 0.6, "ổ": 0.39}, {}, *spelled(" sung một số")]
    found = [steps(network, *line)]
    assert texts(Reader(network), found, greedy=True) == ["sửa đổi, bố sung một số"]
    assert texts(Reader(network, language), found) == ["sửa đổi, bổ sung một số"]


def test_surprise_overrules_a_confident_network(network: Network, language: Language) -> None:
    """A letter that is nearly certain, but makes no sense, is exchanged for one that does; a certain one is not."""
    line = [*spelled("sửa đổi, b"), {"ố": 0.99, "ổ": 0.008}, {}, *spelled(" sung một số")]
    sure = [*spelled("sửa đổi, b"), {"ố": 0.9999}, {}, *spelled(" sung một số")]
    assert texts(Reader(network, language), [steps(network, *line)]) == ["sửa đổi, bổ sung một số"]
    assert texts(Reader(network, language), [steps(network, *sure)]) == ["sửa đổi, bố sung một số"]


def test_a_line_that_goes_on_is_read_after_the_one_before(network: Network) -> None:
    """A sentence over two lines decides doubts on both sides of the break; a line that begins anew does not."""
    model = Language.shipped("vie")
    doubt = {"ả": 0.6, "á": 0.39}
    ends = [*spelled("trong toàn hệ thống chính trị. Qu"), doubt, {}, *spelled("n")]
    goes_on = [*spelled("tri"), {"ẹ": 0.6, "ệ": 0.39}, {}, *spelled("t, tuyên truyền thực hiện tốt các nhiệm vụ")]
    read = Reader(network, model)
    assert texts(read, [steps(network, *ends), steps(network, *goes_on)]) == [
        "trong toàn hệ thống chính trị. Quán",
        "triệt, tuyên truyền thực hiện tốt các nhiệm vụ",
    ]


def test_a_short_line_is_trusted_as_its_page(network: Network) -> None:
    """An error makes a short line look strange; among lines of official prose it is mended all the same."""
    model = Language.shipped("vie")
    short = [*spelled("KT. GIÁM Đ"), {"Ó": 0.95, "Ố": 0.049}, {}, *spelled("C")]
    prose = spelled("Quyết định này có hiệu lực kể từ ngày ký và thay thế các quy định trước đây")
    alone, beside = Reader(network, model), Reader(network, model)
    assert texts(alone, [steps(network, *short)]) == ["KT. GIÁM ĐÓC"]
    assert texts(beside, [steps(network, *prose), steps(network, *short)])[1] == "KT. GIÁM ĐỐC"


def test_a_strange_line_is_left_to_the_network(network: Network) -> None:
    """A line of another language is read as the network reads it, whatever the model would prefer."""
    model = Language.shipped("vie")
    line = [*spelled("Everyone is permitted to c"), {"o": 0.55, "ó": 0.44}, {}, *spelled("py and distribute")]
    assert texts(Reader(network, model), [steps(network, *line)]) == ["Everyone is permitted to copy and distribute"]


def test_the_dictionary_decides_without_an_n_gram(network: Network) -> None:
    """Between two letters of about the same chance, a word of the dictionary wins."""
    weights = Weights(language=0.0, character=0.0, unknown_word=2.0)
    line = [*spelled("cơ qu"), {"ă": 0.5, "a": 0.48}, {}, *spelled("n thu")]
    assert "quan" in network.data.words
    assert "quăn" not in network.data.words
    assert texts(Reader(network), [steps(network, *line)], greedy=True) == ["cơ quăn thu"]
    assert texts(Reader(network, None, weights), [steps(network, *line)]) == ["cơ quan thu"]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_beam_finds_the_likeliest_text(data: st.DataObject) -> None:
    """Without a language model and with room enough, no text is likelier than the one the beam finds."""
    length = data.draw(st.integers(1, 5))
    raw = data.draw(st.lists(st.floats(0.01, 1), min_size=3 * length, max_size=3 * length))
    line = np.array(raw, np.float32).reshape(length, 3)
    line /= line.sum(axis=1, keepdims=True)
    chances: dict[tuple[int, ...], float] = {}
    for path in np.ndindex(*(3,) * length):
        codes = tuple(code for at, code in enumerate(path) if code != 2 and (at == 0 or path[at - 1] != code))
        chance = float(np.prod(line[np.arange(length), path]))
        chances[codes] = chances.get(codes, 0.0) + chance
    page = Page.of([line], null=2, codes=3)
    spans = Spans(np.array([0]), np.array([length]))
    weights = Weights(language=0.0, character=0.0, width=40, choices=2)
    alphabet = Alphabet.of(Language.none(), ("a", "b", ""))
    passage, trust = page.passage(alphabet, 0), np.ones(1, np.float32)
    readings = search(page, spans, passage, Language.none(), alphabet.symbols, weights, trust)
    best = readings.codes[0, 0]
    found = tuple(best[best >= 0].tolist())
    assert chances[found] == pytest.approx(max(chances.values()), rel=1e-3)
    ranked = sorted(chances.values())
    assert readings.scores[0, 0] - readings.scores[0, 1] == pytest.approx(np.log(ranked[-1] / ranked[-2]), abs=0.01)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), sharp=st.floats(0.2, 8))
def test_any_probabilities_are_read(network: Network, language: Language, seed: int, sharp: float) -> None:
    """Noise of any sharpness gives characters in order within their lines, with confidences in 0-1."""
    chance = np.random.default_rng(seed)
    pages = []
    for length in (0, 1, 90, 7):
        logits = chance.standard_normal((length, 269)) * sharp
        logits[:, 268] += chance.uniform(0, 8)
        shares = np.exp(logits)
        pages.append((shares / shares.sum(axis=1, keepdims=True)).astype(np.float32))
    for page, line in zip(pages, Reader(network, language).decode(pages), strict=True):
        starts = [character.start for character in line]
        assert starts == sorted(starts)
        assert all(0 <= c.start < c.end <= len(page) and 0 <= c.confidence <= 1.0001 for c in line)


def test_words_stand_where_their_ink_is(network: Network) -> None:
    """Each word's span begins and ends at its ink, also in a crop of another scale."""
    text = "Căn cứ Nghị định số 63/2010/NĐ-CP ngày"
    for size_px in (26, 60):
        crop = trained.rendered(text, size_px)
        image = LineImage(crop, Box(0, 0, crop.shape[1], crop.shape[0]), 0.8 * crop.shape[0], 10.0, 1.0)
        (line,) = Reader(network, Language.shipped("vie")).read([image])
        assert line.text == text
        dark = crop.min(axis=0) < 128
        for word in line.words:
            assert dark[round(word.x0_px) : round(word.x0_px) + 2].any()
            assert dark[round(word.x1_px) - 2 : round(word.x1_px)].any()
        for before, after in zip(line.words, line.words[1:], strict=False):
            gap = dark[round(before.x1_px) : round(after.x0_px)]
            assert len(gap) >= size_px // 8
            assert not gap[1:-1].any()
        assert line.confidence > 0.8


def test_an_empty_crop_has_no_words(network: Network) -> None:
    """White paper and a crop without pixels are lines without words and without confidence."""
    for crop in (np.full((40, 300), 255, np.uint8), np.zeros((0, 0), np.uint8)):
        (line,) = Reader(network).read_crops([crop])
        assert line.words == ()
        assert line.confidence == 0


def test_the_shipped_model_knows_official_language() -> None:
    """The model that comes with sohoa prefers what decisions say, in capitals too, and is small."""
    model = Language.shipped("vie")
    assert model is not None
    assert Language.shipped("xxx") is None
    pairs = [("quyết định bổ sung", "quyết định bố sung"), ("QUYẾT ĐỊNH", "QUYÉT ĐỊNH"), ("/QĐ-UBND", "/QD-UBND")]
    for right, wrong in pairs:
        assert score(model, right) > score(model, wrong) + 3
    assert score(model, "năm 2019") == pytest.approx(score(model, "năm 2345"))
    path = Path(ngram.__file__).parents[1] / "stages/ocr/turbo/data/vie.ngram"
    assert path.stat().st_size < 2_000_000


def score(model: Language, text: str) -> float:
    """Log-probability of a whole text."""
    states, total = np.zeros(1, np.int32), 0.0
    for character in f" {text} ":
        scores, states = model.step(states, model.encode([character]))
        total += float(scores[0])
    return total


def test_an_n_gram_s_chances_sum_to_one(language: Language) -> None:
    """After any context, the chances of all characters come to about 1."""
    every = np.arange(1, len(language.symbols) + 1, dtype=np.int32)
    states = np.zeros(1, np.int32)
    for character in " sửa đổi, b":
        scores, _ = language.step(np.repeat(states, len(every)), every)
        assert float(np.exp(scores).sum()) == pytest.approx(1, abs=0.2)
        _, states = language.step(states, language.encode([character]))
