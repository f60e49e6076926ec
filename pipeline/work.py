"""The slot child's side: runs the stages of one segment on what is known and answers with facts."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import orjson

from models.document import Document
from models.errors import Defect, OperatorError, Retryable, SohoaError
from models.facts import Fact, FactKey
from models.flow import Flow
from models.ports import BlobStore, Raster
from models.settings import Settings
from models.side import SideIndex, read_index
from models.stage import Inputs, Ports, Provenance, Stage
from pipeline.asked import Asked
from pipeline.ledger.rows import Claim, NewFact, iso
from pipeline.task import decode_task, encode_error, encode_facts
from pipeline.wiring import Adapters
from stages.flow import FLOW
from stages.raster import open_raster
from stages.unpack import Unpacked

KEPT_BYTES = 64_000_000
"""Of blobs that a step keeps in memory: enough to seal and put one PDF, too little to hold the scans of a batch."""
CACHED_DOCUMENTS = 8
"""Documents and side indexes kept in memory: sides of one document tend to come in a row."""


class BoundBlobs:
    """A blob store bound to one document, for one step.

    The last blobs that were asked for, ``most_bytes`` of them together, are not read again; larger ones are.
    ``written``: what was stored through it since it was last cleared. ``asked``: whether the store was.
    """

    def __init__(self, store: BlobStore, document: str, most_bytes: int = KEPT_BYTES) -> None:
        self._store = store
        self._document = document
        self._most_bytes = most_bytes
        self._kept: dict[str, bytes] = {}
        self.written: list[str] = []
        self.asked = False

    def get(self, sha256: str) -> bytes:
        kept = self._kept.pop(sha256, None)
        self.asked = self.asked or kept is None
        data = self._store.get(self._document, sha256) if kept is None else kept
        if len(data) <= self._most_bytes:
            self._kept[sha256] = data
            while sum(map(len, self._kept.values())) > self._most_bytes:
                del self._kept[next(iter(self._kept))]  # asked for longest ago
        return data

    def put(self, data: bytes) -> str:
        sha256 = self._store.put(self._document, data)
        self.asked = True
        self.written.append(sha256)
        return sha256


class Work:
    """Executes claims. One per slot child; engine and signer stay warm between steps."""

    def __init__(self, flow: Flow, adapters: Adapters) -> None:
        self.flow = flow
        self.adapters = adapters
        self._document = lru_cache(CACHED_DOCUMENTS)(self._load_document)
        self._index = lru_cache(CACHED_DOCUMENTS)(self._load_index)

    def handle(self, task: bytes) -> bytes:
        """One task in, one answer out; errors of ours become answers too.

        What an operator has to mend is this worker's fault, never the page's.
        """
        try:
            asked = Asked(self.adapters)
            facts, fresh = self.execute(decode_task(task), asked)
            return encode_facts(facts, fresh, sorted(asked.names))
        except OperatorError as error:
            return encode_error(Retryable(error.code, error.message, "worker"))
        except SohoaError as error:
            return encode_error(error)

    def execute(self, claim: Claim, asked: Asked) -> tuple[list[NewFact], list[str]]:
        """Run the stages whose facts are not there yet; returns the new facts and the unrepeatable blobs."""
        segment = self.flow.segment(claim.step.segment)
        document = self._document(claim.step.document, claim.body)
        kinds = self.flow.fact_types()
        known = {FactKey(f.kind, f.page): kinds[f.kind].model_validate_json(f.body) for f in claim.facts}
        provenance = {FactKey(f.kind, f.page): Provenance(f.stage, f.version, iso(f.at)) for f in claim.facts}
        raster = self._raster(claim, known, asked) if claim.step.page else None
        new: list[NewFact] = []
        fresh: list[str] = []
        blobs = BoundBlobs(self.adapters.blobs, document.id)
        for stage in segment.stages:
            key = FactKey(stage.gives.kind(), claim.step.page)
            if key in known:
                continue
            blobs.written.clear()
            count = next((c for f in known.values() if (c := f.side_count()) is not None), claim.side_count)
            inputs = Inputs(document, claim.step.page, count, known, raster, claim.history, provenance)
            fact = self._run(stage, inputs, self._ports(blobs, asked))
            known[key] = fact
            new.append(NewFact(fact, claim.step.page, stage.name, stage.version))
            if not stage.repeatable:
                fresh.extend(blobs.written)
        if segment is self.flow.segments[-1]:
            self.adapters.blobs.rest(document.id)
        if blobs.asked:
            asked.names.add("blobs")
        return new, fresh

    def _run(self, stage: Stage[Fact], inputs: Inputs, ports: Ports) -> Fact:
        try:
            fact = stage.run(inputs, ports)
        except SohoaError:
            raise
        except Exception as error:
            where = _where(error)
            raise Defect("stage_error", f"{stage.name} raised {type(error).__name__} at {where}") from error
        if not isinstance(fact, stage.gives):
            raise Defect("wrong_fact", f"{stage.name} gave {type(fact).__name__} instead of {stage.gives.kind()}")
        return fact

    def _ports(self, blobs: BoundBlobs, asked: Asked) -> Ports:
        adapters = self.adapters
        return Ports(
            blobs=blobs,
            clock=adapters.clock,
            engine=asked.engine,
            signer=asked.signer,
            archive=asked.archive,
            settings=adapters.settings,
        )

    def _raster(self, claim: Claim, known: dict[FactKey, Fact], asked: Asked) -> Callable[[], Raster]:
        unpacked = known.get(FactKey(Unpacked.kind()))
        if not isinstance(unpacked, Unpacked):
            raise Defect("fact_missing", "a page step before its document was unpacked")
        side = self._index(claim.step.document, unpacked.index).sides[claim.step.page - 1]

        @lru_cache(1)
        def opened() -> Raster:
            asked.names.add("blobs")
            return open_raster(side, self.adapters.blobs.get(claim.step.document, side.sha256))

        return opened

    def _load_document(self, document: str, body: str) -> Document:
        return Document.model_validate_json(self.adapters.blobs.get(document, body))

    def _load_index(self, document: str, sha256: str) -> SideIndex:
        return read_index(self.adapters.blobs.get(document, sha256))


def _where(error: BaseException) -> str:
    """File and line where an exception was raised: enough to find it, without any of the data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"


def serve(config: bytes) -> Callable[[bytes], bytes]:
    """What a slot child runs; ``config``: settings as :func:`pipeline.wiring.dump_settings` wrote them."""
    settings = Settings.model_validate(orjson.loads(config))
    return Work(FLOW, Adapters(settings)).handle
