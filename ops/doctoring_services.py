"""What `sohoa doctor` asks of ledger, broker, archive and signer. It only reads, and tries no PIN."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine, select, text

from models.errors import OperatorError, SohoaError
from models.settings import ArchiveSettings, BucketSettings, Settings, SignerSettings
from ops.doctoring import Check
from pipeline.ledger.database import address, now, open_database, reading
from pipeline.ledger.migrate import HEAD, version
from pipeline.wiring import Adapters, ledger_url

if TYPE_CHECKING:
    from asn1crypto import x509
    from mypy_boto3_s3 import S3Client

PATIENCE_S = 5.0
CLOCKS_APART_S = 5.0
EXPIRES_SOON = timedelta(days=60)
FULL = {"0": "OFF", "1": "NORMAL", "2": "FULL", "3": "EXTRA"}


def check_services(settings: Settings) -> Iterator[Check]:
    """One check each, several where there is more to say."""
    yield from ledger(settings)
    yield broker(settings)
    yield from blobs(settings)
    yield from archive(settings)
    yield from signer(settings)


def ledger(settings: Settings) -> Iterator[Check]:
    """Reachable, with this program's schema, and durable."""
    url = ledger_url(settings)
    try:
        parsed = address(url)
        file = parsed.database if parsed.get_backend_name() == "sqlite" else None
        if file not in (None, "", ":memory:") and not Path(str(file)).exists():
            yield Check("ledger", "ok", "not made yet; the first run makes it")
            return
        engine = open_database(url)
    except OperatorError as error:
        yield Check("ledger", "fail", "ledger.url is no database address", error.message)
        return
    try:
        yield _schema(engine)
        with reading(engine) as tx:
            yield _durability(tx)
            if file is None:
                yield _clocks(float(tx.execute(select(now())).scalar_one()) - time.time())
    except SohoaError as error:
        yield Check("ledger", "fail", error.message, "start the database, and check ledger.url, network and password")
    finally:
        engine.dispose()


def _schema(engine: Engine) -> Check:
    found = version(engine)
    name = engine.url.render_as_string(hide_password=True)
    if found == HEAD:
        return Check("ledger", "ok", f"{name}, schema {found}")
    if found is not None and found > HEAD:
        return Check("ledger", "fail", f"{name} has schema {found}, this program {HEAD}", "update sohoa")
    return Check("ledger", "fail", f"{name} has schema {found or '(none)'}, not {HEAD}", "run `sohoa migrate`")


def _durability(tx: Connection) -> Check:
    """What the database promises about a commit."""

    def ask(question: str) -> str:
        return str(tx.execute(text(question)).scalar_one())

    if tx.dialect.name == "sqlite":
        journal, synchronous = ask("PRAGMA journal_mode"), FULL.get(ask("PRAGMA synchronous"), "unknown")
        safe = journal == "wal" and synchronous in ("FULL", "EXTRA")
        detail = f"journal_mode={journal} synchronous={synchronous}"
        return Check(
            "ledger durability", "ok" if safe else "fail", detail, "" if safe else "move state to a local disk"
        )
    settings = {name: ask(f"SHOW {name}") for name in ("synchronous_commit", "fsync", "full_page_writes")}
    detail = " ".join(f"{name}={value}" for name, value in settings.items())
    off = [name for name, value in settings.items() if value == "off"]
    if off:
        return Check("ledger durability", "fail", detail, f"turn on {', '.join(off)}: a power cut loses documents")
    return Check("ledger durability", "ok", detail)


def _clocks(ahead_s: float) -> Check:
    detail = f"the database's clock is {abs(ahead_s):.1f} s {'ahead of' if ahead_s > 0 else 'behind'} this host's"
    if abs(ahead_s) > CLOCKS_APART_S:
        return Check("clocks", "warn", detail, "synchronise both with NTP")
    return Check("clocks", "ok", detail)


def broker(settings: Settings) -> Check:
    """Every host of the cluster is asked; one that answers is enough to work."""
    if settings.broker.kind == "memory":
        return Check("broker", "ok", "in memory, inside the process")
    import pika
    import pika.exceptions

    assert settings.broker.url is not None
    up, down = [], []
    for url in settings.broker.url.get_secret_value().split(";"):
        place = _place(url)
        try:
            parameters = pika.URLParameters(url)
            parameters.connection_attempts = 1
            parameters.socket_timeout = parameters.stack_timeout = PATIENCE_S
            parameters.blocked_connection_timeout = PATIENCE_S
            pika.BlockingConnection(parameters).close()
            up.append(place)
        except (pika.exceptions.AMQPError, OSError, ValueError) as error:
            down.append(f"{place} ({type(error).__name__})")
    if not up:
        do = "start RabbitMQ, and check broker.url, user and virtual host; no work is lost meanwhile"
        return Check("broker", "fail", f"no answer from {', '.join(down)}", do)
    if down:
        return Check("broker", "warn", f"{', '.join(up)} answers, not {', '.join(down)}", "start the missing nodes")
    return Check("broker", "ok", f"{', '.join(up)} answers")


def blobs(settings: Settings) -> Iterator[Check]:
    """The bucket of work in progress; the folder of a disk store is checked with the others."""
    chosen = settings.blobs
    if chosen.kind == "disk":
        return
    from botocore.exceptions import BotoCoreError, ClientError

    s3 = _s3(chosen)
    try:
        s3.head_bucket(Bucket=chosen.bucket)
        detail = f"bucket {chosen.bucket} answers"
        if s3.get_bucket_versioning(Bucket=chosen.bucket).get("Status") == "Enabled":
            do = "use a bucket without versions: what is deleted stays in it, and it fills"
            yield Check("blobs", "warn", f"{detail}, versioned", do)
        else:
            yield Check("blobs", "ok", detail)
    except (BotoCoreError, ClientError) as error:
        do = "check blobs.endpoint, bucket, keys and network; documents wait meanwhile"
        yield Check("blobs", "fail", f"bucket {chosen.bucket}: {_reason(error)}", do)
    finally:
        s3.close()


def archive(settings: Settings) -> Iterator[Check]:
    """The bucket and its rules; the folder of a disk archive is checked with the others."""
    chosen = settings.archive
    if chosen.kind == "disk":
        yield Check("archive", "ok", "a folder; the files in it are write-protected, its disk is not write-once")
        return
    from botocore.exceptions import BotoCoreError, ClientError

    s3 = _s3(chosen)
    try:
        s3.head_bucket(Bucket=chosen.bucket)
        yield Check("archive", "ok", f"bucket {chosen.bucket} answers")
        yield _bucket_rules(s3, chosen)
    except (BotoCoreError, ClientError) as error:
        do = "check archive.endpoint, bucket, keys and network; documents wait meanwhile"
        yield Check("archive", "fail", f"bucket {chosen.bucket}: {_reason(error)}", do)
    finally:
        s3.close()


def _bucket_rules(s3: S3Client, chosen: ArchiveSettings) -> Check:
    from botocore.exceptions import ClientError

    versioning = s3.get_bucket_versioning(Bucket=chosen.bucket).get("Status", "off")
    try:
        lock = s3.get_object_lock_configuration(Bucket=chosen.bucket)["ObjectLockConfiguration"]
        locked = lock.get("ObjectLockEnabled") == "Enabled"
    except ClientError:
        locked = False
    detail = f"versioning {versioning}, Object Lock {'on' if locked else 'off'}, retention {chosen.retain_days} days"
    if locked:
        return Check("archive rules", "ok", detail)
    if chosen.retain_days:
        return Check("archive rules", "fail", detail, "archive.retain_days needs a bucket made with Object Lock")
    do = "copies can be deleted or replaced: make the bucket with Object Lock and set archive.retain_days"
    return Check("archive rules", "warn", detail, do)


def _s3(chosen: BucketSettings) -> S3Client:
    from pipeline.adapters.s3_client import open_client

    return open_client(chosen, read_s=PATIENCE_S, connect_s=PATIENCE_S)


def _reason(error: Exception) -> str:
    response: Any = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code") or type(error).__name__)


def signer(settings: Settings) -> Iterator[Check]:
    """The certificate and its time; a token's PIN is not tried, for every wrong one counts."""
    chosen = settings.signer
    if chosen.kind == "test-ca" and not _test_bundle(settings).exists():
        yield Check("signer", "warn", "test CA, made at the first signature: copies have no legal value", TEST_DO)
    else:
        try:
            certificate = _token_certificate(chosen) if chosen.kind == "pkcs11" else _file_certificate(settings)
        except SohoaError as error:
            yield Check("signer", "fail", f"{chosen.kind}: {error.message}", "see signer.* in the settings")
        else:
            yield judge_certificate(certificate, datetime.now(UTC), is_test=chosen.kind == "test-ca")
    if chosen.tsa_url is not None:
        yield _answers("time-stamping", chosen.tsa_url)


TEST_DO = "for legal copies set signer.kind to pkcs11 or pkcs12 with the agency's certificate"


def judge_certificate(certificate: x509.Certificate, at: datetime, *, is_test: bool) -> Check:
    """Subject and validity."""
    first, last = certificate.not_valid_before, certificate.not_valid_after
    detail = f"{certificate.subject.human_friendly}; valid {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    if not first <= at <= last:
        return Check("signer", "fail", detail, "the certificate is not in force: renew it, or correct the clock")
    if is_test:
        return Check("signer", "warn", f"test certificate, copies have no legal value: {detail}", TEST_DO)
    if last - at < EXPIRES_SOON:
        return Check("signer", "warn", f"{detail} ({(last - at).days} days left)", "renew the certificate in time")
    return Check("signer", "ok", detail)


def _test_bundle(settings: Settings) -> Path:
    from pipeline.adapters.test_ca import BUNDLE

    return settings.state / "test-ca" / BUNDLE


def _file_certificate(settings: Settings) -> x509.Certificate:
    from pipeline.adapters.pades import PadesSigner, certificate

    chosen = Adapters(settings).signer
    assert isinstance(chosen, PadesSigner)
    return certificate(chosen.keys())


def _token_certificate(chosen: SignerSettings) -> x509.Certificate:
    """The signing certificate on the token, read without logging in."""
    import pkcs11
    from asn1crypto import x509

    try:
        slots = pkcs11.lib(str(chosen.path)).get_slots(token_present=True)
        tokens = [t for t in (slot.get_token() for slot in slots) if chosen.token_label in ("", t.label)]
        tokens = [t for t in tokens if pkcs11.TokenFlag.TOKEN_INITIALIZED in t.flags]
        if len(tokens) != 1:
            raise OperatorError("token_absent", f"{len(tokens)} tokens with label {chosen.token_label!r}: plug one in")
        for flag, trouble in (("USER_PIN_LOCKED", "its PIN is locked"), ("USER_PIN_FINAL_TRY", "one PIN try is left")):
            if pkcs11.TokenFlag[flag] in tokens[0].flags:
                raise OperatorError("token_locked", f"the token says that {trouble}: log in to it by hand")
        wanted: dict[Any, Any] = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE}
        if chosen.key_label:
            wanted[pkcs11.Attribute.LABEL] = chosen.key_label
        with tokens[0].open() as session:
            found = [x509.Certificate.load(c[pkcs11.Attribute.VALUE]) for c in session.get_objects(wanted)]
    except (pkcs11.exceptions.PKCS11Error, RuntimeError, OSError) as error:
        raise OperatorError("token_absent", f"the token cannot be read ({type(error).__name__})") from error
    if len(found) != 1:
        raise OperatorError("token_absent", f"{len(found)} certificates with label {chosen.key_label!r} on the token")
    return found[0]


def _answers(name: str, url: str) -> Check:
    """Whether something listens there; a time stamp is not asked for."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname or "", port), timeout=PATIENCE_S).close()
    except (OSError, ValueError) as error:
        return Check(name, "fail", f"{_place(url)}: {error}", "check signer.tsa_url and the network; copies wait")
    return Check(name, "ok", f"{_place(url)} answers")


def _place(url: str) -> str:
    """Host and port of an address, without user and password."""
    return urlsplit(url).netloc.rpartition("@")[2]
