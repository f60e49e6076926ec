"""Frames survive any split and never survive damage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Defect
from pipeline.framing import MAX_PAYLOAD_BYTES, Frame, FrameReader, Kind, encode

frames = st.builds(Frame, st.sampled_from(Kind), st.binary(max_size=200))


@given(st.lists(frames, max_size=6), st.lists(st.integers(1, 40), min_size=1))
def test_frames_come_out_as_they_went_in_however_they_are_split(sent: list[Frame], sizes: list[int]) -> None:
    """Pieces of any size give the same frames in the same order, and nothing is left over."""
    stream = b"".join(encode(*frame) for frame in sent)
    reader = FrameReader()
    received = []
    while stream:
        for size in sizes:
            reader.feed(stream[:size])
            stream = stream[size:]
            while (frame := reader.take()) is not None:
                received.append(frame)
    assert received == sent
    assert not reader.pending


@given(frames, st.data())
def test_a_torn_frame_is_never_complete(frame: Frame, data: st.DataObject) -> None:
    """No prefix of a frame is a frame."""
    whole = encode(*frame)
    reader = FrameReader()
    reader.feed(whole[: data.draw(st.integers(0, len(whole) - 1))])
    assert reader.take() is None


@given(frames, st.data())
def test_one_damaged_byte_is_found_at_once(frame: Frame, data: st.DataObject) -> None:
    """A changed byte anywhere is a Defect, never a frame and never an endless wait."""
    whole = bytearray(encode(*frame))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    reader = FrameReader()
    reader.feed(bytes(whole))
    with pytest.raises(Defect) as caught:
        reader.take()
    assert caught.value.code == "garbled_frame"


def test_a_frame_is_not_a_place_for_data() -> None:
    """A payload that belongs in a blob is refused."""
    with pytest.raises(Defect) as caught:
        encode(Kind.RESULT, bytes(MAX_PAYLOAD_BYTES + 1))
    assert caught.value.code == "frame_too_large"
