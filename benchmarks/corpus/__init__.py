"""Generated scan batches with truth, since real papers are private.

``write_samples`` makes the fixed set of ``make run``, ``write_corpus`` any number of batches.
Where to look: ``grammar`` and ``texts`` the words, ``names`` the invented people and places,
``layout`` and ``page`` the typesetting, ``office``, ``letters``, ``forms`` and ``tables`` the papers,
``strokes``, ``seal`` and ``note`` what people put on them, ``damage`` and ``scan`` the scanner,
``faults`` what goes wrong, ``batch`` folders, manifests and truth.
"""

from benchmarks.corpus.samples import write_corpus, write_samples
from benchmarks.corpus.truth import DocumentTruth

__all__ = ["DocumentTruth", "write_corpus", "write_samples"]
