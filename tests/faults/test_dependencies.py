"""Each dependency is broken for real: its own circuit opens, however well the others answer, and closes when it is back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from pydantic import SecretStr

from benchmarks.chaos.servers import Broker
from benchmarks.time_authority import time_authority
from models.errors import Retryable
from models.facts import Fact
from models.flow import Flow, Segment
from models.settings import (
    ArchiveSettings,
    BlobSettings,
    BrokerSettings,
    DeliverySettings,
    LedgerSettings,
    OcrSettings,
    Settings,
    SignerSettings,
)
from models.stage import Inputs, Ports, Scope, Stage
from models.step import Step
from pipeline.adapters.test_ca import BUNDLE, TestCaSigner
from pipeline.breaker import OPENS_AFTER, Breakers
from pipeline.hints import Hints
from pipeline.relay import Relay
from pipeline.runner import Runner
from pipeline.wiring import Adapters, Books
from pipeline.work import Work
from tests.servers.postgres import Postgres
from tests.servers.s3 import S3
from tests.support.ledgers import FAST, migrated
from tests.support.small_pdfa import scan, small_pdfa
from tests.support.toy_flow import Joined, Looked, Read, Signed, Stored, toy_document
from tests.support.waiting import wait_until

SLOTS = 4
PASSWORD = "mật khẩu"
TESSDATA = OcrSettings().tessdata


def _blobs(_inputs: Inputs, ports: Ports) -> Fact:
    ports.blobs.get(ports.blobs.put(b"a page"))
    return Joined()


def _sign(_inputs: Inputs, ports: Ports) -> Fact:
    ports.signer().sign(small_pdfa([scan(1)]), ("SAO Y",), ports.clock.now())
    return Signed()


def _archive(inputs: Inputs, ports: Ports) -> Fact:
    ports.archive().put(inputs.document.archive_key, b"a copy")
    return Stored()


def _ocr(_inputs: Inputs, ports: Ports) -> Fact:
    ports.engine()
    return Read()


def _nothing(_inputs: Inputs, _ports: Ports) -> Fact:
    return Looked()


def _segment(name: str, gives: type[Fact], run: Callable[[Inputs, Ports], Fact]) -> Segment:
    return Segment(name, "all", (Stage(name, 1, Scope.DOCUMENT, (), gives, run),))


LINE = Flow(
    (
        _segment("blobs", Joined, _blobs),
        _segment("sign", Signed, _sign),
        _segment("archive", Stored, _archive),
        _segment("ocr", Read, _ocr),
        _segment("nothing", Looked, _nothing),
    )
)
"""One pool; each step asks something else."""


class InProcess:
    """Does the work of a slot child here."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def run(self, task: bytes, on_tick: Callable[[], None] | None = None) -> bytes:  # noqa: ARG002
        return self._work.handle(task)


@dataclass
class Broken:
    """A dependency that will be away. ``step``: what asks it; ``others``: what does not."""

    dependency: str
    step: str
    settings: Settings
    take_away: Callable[[], object]
    bring_back: Callable[[], object]
    others: tuple[str, ...] = ("nothing", "blobs")


@pytest.fixture(params=["blobs", "archive", "signer", "tsa", "ocr"])
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broken]:
    """Each dependency of a step, away."""
    name = request.param
    delivery = DeliverySettings(retry_first_s=0.001, retry_most_s=0.001)
    settings = Settings(state=tmp_path, delivery=delivery)
    if name in ("blobs", "archive"):
        server: S3 = request.getfixturevalue("s3")
        bucket = {"bucket": server.bucket(f"breaker-{name}", object_lock=name == "archive"), "kind": "s3"}
        bucket |= {"endpoint": server.endpoint, "access_key": server.access_key, "secret_key": server.secret_key}
        kind = BlobSettings if name == "blobs" else ArchiveSettings
        chosen = settings.model_copy(update={name: kind.model_validate(bucket)})
        others = () if name == "blobs" else ("nothing", "blobs")  # every step reads its document
        yield Broken(name, name, chosen, server.kill, server.restart, others)
        if not server.running:
            server.restart()
    elif name == "signer":
        file, elsewhere = tmp_path / "agency.p12", tmp_path / "unplugged.p12"
        file.write_bytes(a_key(tmp_path / "ca"))
        signer = SignerSettings(kind="pkcs12", path=file, password=SecretStr(PASSWORD))
        chosen = settings.model_copy(update={"signer": signer})
        yield Broken(name, "sign", chosen, partial(file.rename, elsewhere), partial(elsewhere.rename, file))
    elif name == "tsa":
        with time_authority() as authority:
            chosen = settings.model_copy(update={"signer": SignerSettings(tsa_url=authority.url)})
            status = partial(setattr, authority, "status")
            yield Broken(name, "sign", chosen, partial(status, 503), partial(status, 200))
    else:
        folder = tmp_path / "tessdata"
        folder.symlink_to(TESSDATA)
        chosen = settings.model_copy(update={"ocr": OcrSettings(engine="tesseract", tessdata=folder)})
        yield Broken(name, "ocr", chosen, folder.unlink, partial(folder.symlink_to, TESSDATA))


def a_key(folder: Path) -> bytes:
    """A PKCS#12 file with a key that may sign."""
    TestCaSigner(folder, SignerSettings()).subject()
    pem = (folder / BUNDLE).read_bytes()
    key = serialization.load_pem_private_key(pem, password=None)
    own, root = x509.load_pem_x509_certificates(pem)
    assert isinstance(key, rsa.RSAPrivateKey)
    encrypted = serialization.BestAvailableEncryption(PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(b"agency", key, own, [root], encrypted)


def test_the_pool_pauses_for_the_one_that_is_away(broken: Broken, caplog: pytest.LogCaptureFixture) -> None:
    """What answers in between says nothing about it; when it is back, one step opens all slots again."""
    now_s = [0.0]
    breakers = Breakers("all", 1.0, 60.0, lambda: now_s[0])
    adapters = Adapters(broken.settings)
    books = Books(broken.settings, LINE)
    runner = Runner("w", LINE, books.ledger, adapters.blobs, broken.settings.delivery, breakers)
    child = InProcess(Work(LINE, adapters))
    for number in range(OPENS_AFTER + 1):
        document = toy_document(f"doc-{number}")
        body = adapters.blobs.put(document.id, document.model_dump_json().encode())
        books.ledger.admit(document, body, frozenset())
    broken.take_away()

    def do(number: int, step: str) -> None:
        runner.run(Step(f"doc-{number}", 1, step), child)

    for number in range(OPENS_AFTER):
        assert breakers.slots(SLOTS) == SLOTS
        do(number, broken.step)
        for other in broken.others:
            do(number, other)
    assert breakers.slots(SLOTS) == 0
    assert breakers.pauses(broken.dependency)
    (alarm,) = (r for r in caplog.records if r.message.startswith("pool pauses"))
    assert (alarm.levelname, vars(alarm)["dependency"]) == ("ERROR", broken.dependency)

    broken.bring_back()
    now_s[0] = 1.0
    assert breakers.slots(SLOTS) == 1
    do(OPENS_AFTER, broken.step)
    assert breakers.slots(SLOTS) == SLOTS
    books.close()


def test_a_ledger_that_is_away_opens_its_circuit(postgres: Postgres, tmp_path: Path) -> None:
    """Steps that could not be claimed, or committed, say so; the first answer closes it."""
    url = postgres.fresh_database(migrated)
    settings = Settings(state=tmp_path, ledger=LedgerSettings(url=url), delivery=FAST)
    books, adapters = Books(settings, LINE), Adapters(settings)
    document = toy_document()
    books.ledger.admit(document, adapters.blobs.put("doc", document.model_dump_json().encode()), frozenset())
    breakers = Breakers("all", 60.0, 60.0)
    runner = Runner("w", LINE, books.ledger, adapters.blobs, FAST, breakers)
    child = InProcess(Work(LINE, adapters))
    step = Step("doc", 1, "nothing")
    postgres.kill()
    try:
        for _ in range(OPENS_AFTER):
            assert not breakers.pauses("ledger")
            runner.run(step, child)
    finally:
        postgres.restart()
    assert breakers.pauses("ledger")
    assert breakers.slots(SLOTS) == 0
    runner.run(step, child)
    assert breakers.slots(SLOTS) == SLOTS
    assert [fact.kind for fact in books.views.facts("doc", 1)] == ["Looked"]
    books.close()


def test_the_relay_pauses_for_the_broker_and_goes_on_repairing(
    rabbitmq: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is taken while the broker is away, what has expired is owed again, and all of it goes out afterwards."""
    delivery = DeliverySettings(leader_s=0.5, lease_s=0.5)
    books = Books(Settings(state=tmp_path, delivery=delivery), LINE)
    broker = BrokerSettings(kind="rabbitmq", url=SecretStr(rabbitmq.url), quorum=False, prefix="breaker")
    hints = Hints(broker, ("all",))
    relay = Relay("r", books.ledger, books.dispatch, hints, delivery)
    books.dispatch.beat("w", "all", 99)
    thread = threading.Thread(target=relay.run)
    rabbitmq.kill()
    try:
        books.ledger.admit(toy_document(), "b" * 64, frozenset())
        claim = books.ledger.claim(Step("doc", 1, "nothing"), "w")
        assert claim is not None
        thread.start()
        wait_until(lambda: any("dependency" in vars(r) for r in caplog.records), "the alarm")
        wait_until(lambda: not books.ledger.renew(claim), "the expiry of a claim")
        assert len(books.views.owed_by("doc")) == len(LINE.segments)
    finally:
        rabbitmq.restart()
    books.dispatch.beat("w", "all", 99)  # RabbitMQ may have been away for longer than a silent worker counts as alive
    wait_until(lambda: books.dispatch.counted().get("published", 0) >= len(LINE.segments), "the hints")
    relay.stop()
    thread.join()
    with suppress(Retryable):
        hints.close()
    books.close()
