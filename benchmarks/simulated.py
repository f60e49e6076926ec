"""The line without papers: the real flow with facts that say nothing, and slot children that only take time.

A document's name ends with its number of sides (``probe-000017-10``): all that the first step has to learn.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import orjson
from pydantic import create_model

from models.document import Document, Source, archive_key
from models.facts import Fact
from models.flow import Flow
from models.manifest import Agency, ServiceClass
from models.settings import Settings
from models.stage import Stage
from models.step import Step
from pipeline.ledger.rows import NewFact
from pipeline.task import decode_task, encode_facts
from stages.flow import FLOW

CPU_S = 0.003
"""What a slot child burns for each step."""
HOLD_S = {"arrive": 0.01, "page": 0.2, "document": 0.01, "sign": 0.01, "archive": 0.01}
"""How long a step holds its slot, by pool; but for ``CPU_S`` the core of another host would be busy."""
SERVE = "benchmarks.simulated:serve"
"""For :class:`pipeline.worker.Crew`: what its slot children run."""
STEPS = "steps"
"""Folder below the state with one file of finished steps for each slot child."""


class Simulated(Fact):
    """Stands for any fact; about as long as most."""

    sides: int | None = None
    detail: str = 80 * "x"

    def side_count(self) -> int | None:
        return self.sides


FACTS: dict[str, type[Simulated]] = {kind: create_model(kind, __base__=Simulated) for kind in FLOW.fact_types()}


def _with_simulated_facts(stage: Stage[Fact]) -> Stage[Fact]:
    return replace(stage, needs=tuple(FACTS[need.kind()] for need in stage.needs), gives=FACTS[stage.gives.kind()])


SIMULATED = Flow(tuple(replace(s, stages=tuple(map(_with_simulated_facts, s.stages))) for s in FLOW.segments))
"""The real flow: segments, pools, needs and gates; only the facts are simulated."""


def document(name: str, counter: str, service_class: ServiceClass) -> Document:
    """An accepted document with one file that does not exist."""
    agency, received_at = Agency(code="H49", name="Ủy ban nhân dân tỉnh"), datetime.now(UTC)
    return Document(
        id=name,
        revision=1,
        agency=agency,
        counter=counter,
        service_class=service_class,
        received_at=received_at,
        archive_key=archive_key(agency.code, received_at, name, 1),
        sources=(Source(name="scan.pdf", size_bytes=1, sha256="0" * 64, sequence=1),),
    )


def sides_of(name: str) -> int:
    """Number of sides of the document of that name."""
    return int(name.rpartition("-")[2])


def learned(step: Step, sides: int) -> list[NewFact]:
    """Every fact that a step gives; only those of the first one know how many sides there are."""
    segment = SIMULATED.segment(step.segment)
    count = sides if segment is SIMULATED.segments[0] else None
    return [
        NewFact(FACTS[stage.gives.kind()](sides=count), step.page, stage.name, stage.version)
        for stage in segment.stages
    ]


def serve(config: bytes) -> Callable[[bytes], bytes]:
    """What a slot child runs: it burns a little, holds its slot, and notes when it began and ended.

    A line of its file: document, segment, page, and UTC seconds of begin and end.
    """
    folder = Settings.model_validate(orjson.loads(config)).state / STEPS
    folder.mkdir(parents=True, exist_ok=True)
    notes = (folder / f"{os.getpid()}.txt").open("a", buffering=1)

    def handle(task: bytes) -> bytes:
        began = time.time()
        step = decode_task(task).step
        until = time.process_time() + CPU_S
        while time.process_time() < until:
            pass
        time.sleep(max(0.0, began + HOLD_S[SIMULATED.segment(step.segment).pool] - time.time()))
        notes.write(f"{step.document} {step.segment} {step.page} {began:.6f} {time.time():.6f}\n")
        return encode_facts(learned(step, sides_of(step.document)), ())

    return handle
