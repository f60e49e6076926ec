"""What every cache of converted models keeps to."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from models.errors import OperatorError
from models.ports import ModelCache
from pipeline.adapters.disk_models import DiskModels
from tests.support.memory_models import MemoryModels


@pytest.fixture(params=["disk", "memory"])
def models(request: pytest.FixtureRequest, tmp_path: Path) -> ModelCache:
    """Each adapter, empty."""
    return DiskModels(tmp_path / "state" / "ocr") if request.param == "disk" else MemoryModels()


def test_what_was_put_is_got(models: ModelCache) -> None:
    """By its name, the last of two; nothing under another name."""
    assert models.get("vie.onnx") is None
    models.put("vie.onnx", b"one")
    models.put("vie.onnx", b"two")
    models.put("eng.onnx", b"")
    assert models.get("vie.onnx") == b"two"
    assert models.get("eng.onnx") == b""
    assert models.get("lao.onnx") is None


def test_many_writers_and_a_reader(models: ModelCache) -> None:
    """Whatever the order, a reader sees one writer's bytes, whole."""
    whole = [bytes([number]) * 400_000 for number in range(4)]
    models.put("network", whole[0])

    def write(data: bytes) -> None:
        for _ in range(20):
            models.put("network", data)

    writers = [threading.Thread(target=write, args=(data,)) for data in whole]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert models.get("network") in whole
    for writer in writers:
        writer.join()


def test_only_whole_files_are_left(tmp_path: Path) -> None:
    """Nothing half written stays beside the network."""
    models = DiskModels(tmp_path)
    models.put("network", b"one")
    models.put("network", b"two")
    assert [path.name for path in tmp_path.iterdir()] == ["network"]


def test_a_folder_that_is_a_file_is_the_operators(tmp_path: Path) -> None:
    """It can be neither read nor written, and the message names it."""
    (tmp_path / "cache").write_text("not a folder")
    models = DiskModels(tmp_path / "cache")
    with pytest.raises(OperatorError, match="cache") as error:
        models.get("network")
    assert error.value.code == "ocr_cache_unreadable"
    with pytest.raises(OperatorError, match="cache") as error:
        models.put("network", b"")
    assert error.value.code == "ocr_cache_unwritable"
