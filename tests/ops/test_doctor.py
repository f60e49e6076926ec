"""``sohoa doctor``: right where things are right, and a way out where they are not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pkcs11
import pytest
from asn1crypto import pem as asn1_pem
from asn1crypto import x509 as asn1_x509
from fontTools import subset
from fontTools.ttLib import TTFont
from pkcs11.util.x509 import decode_x509_certificate
from pydantic import SecretStr
from sqlalchemy import text

from models.settings import (
    ArchiveSettings,
    BlobSettings,
    BrokerSettings,
    LedgerSettings,
    OcrSettings,
    Settings,
    SignerSettings,
)
from ops import doctoring, doctoring_services
from ops.doctoring import Check, Machine
from pipeline.adapters.test_ca import BUNDLE, TestCaSigner
from pipeline.ledger.database import open_database, transaction
from pipeline.private_rabbitmq import PrivateRabbitMq
from pipeline.wiring import Books
from tests.ops.conftest import Sohoa
from tests.servers.postgres import Postgres
from tests.servers.s3 import S3
from tests.servers.softhsm import SoftHsm
from tests.support.ledgers import migrated
from tests.support.toy_flow import TOY

AWAY = "127.0.0.1:1"


def levels(checks: Sequence[Check]) -> dict[str, str]:
    """Verdict by name; whatever is not well says what to do."""
    assert all(check.do for check in checks if check.level != "ok")
    return {check.name: check.level for check in checks}


def test_the_embedded_defaults_are_well_and_nothing_is_made(sohoa: Sohoa, tmp_path: Path) -> None:
    """On a machine that can run the line no check fails, before and after the first run; looking leaves no trace."""
    out = tmp_path / "out"
    first = sohoa("doctor", "--out", out, "--json")
    assert [c for c in first.document["checks"] if c["level"] == "fail"] == []
    assert (first.code, first.document["ok"]) == (0, True)
    assert not out.exists()
    Books(Settings(state=out / "state"), TOY).close()
    TestCaSigner(out / "state" / "test-ca", SignerSettings()).subject()
    second = sohoa("doctor", "--out", out, "--json")
    assert second.code == 0
    checks = {c["name"]: c for c in second.document["checks"]}
    assert "schema" in checks["ledger"]["detail"]
    assert checks["ledger durability"]["detail"] == "journal_mode=wal synchronous=FULL"
    assert checks["signer"]["level"] == "warn"
    assert "no legal value" in checks["signer"]["detail"]
    plain = sohoa("doctor", "--out", out)
    assert plain.code == 0
    assert "warn  signer" in plain.out


def test_servers_that_are_away_fail_with_advice(sohoa: Sohoa, tmp_path: Path) -> None:
    """Each one is asked although others are away; no password is shown; exit 78."""
    file = tmp_path / "settings.toml"
    file.write_text(
        f"""
        state = "{tmp_path / "state"}"
        [ledger]
        url = "postgresql+psycopg://sohoa:hunter2@{AWAY}/sohoa"
        [broker]
        kind = "rabbitmq"
        url = "amqp://sohoa:hunter2@{AWAY}/;amqp://sohoa:hunter2@127.0.0.1:2/"
        [blobs]
        kind = "s3"
        bucket = "work"
        endpoint = "http://{AWAY}"
        [archive]
        kind = "s3"
        bucket = "copies"
        endpoint = "http://{AWAY}"
        access_key = "sohoa"
        secret_key = "hunter2"
        [signer]
        kind = "pkcs12"
        path = "{tmp_path / "none.p12"}"
        tsa_url = "http://{AWAY}/tsa"
        """
    )
    done = sohoa("doctor", "--settings", file, "--json")
    assert done.code == 78
    assert not done.document["ok"]
    failed = {c["name"]: c for c in done.document["checks"] if c["level"] == "fail"}
    assert {"ledger", "broker", "blobs", "archive", "signer", "time-stamping"} <= set(failed)
    assert all(check["do"] for check in failed.values())
    assert "127.0.0.1:2" in failed["broker"]["detail"]
    assert "hunter2" not in done.out + done.err


def test_a_ledger_on_postgresql(postgres: Postgres) -> None:
    """Not migrated, migrated, too new; and what it promises about a commit."""
    url = postgres.fresh_database()
    settings = Settings(ledger=LedgerSettings(url=url))
    before = list(doctoring_services.ledger(settings))
    assert levels(before)["ledger"] == "fail"
    assert "sohoa migrate" in before[0].do
    migrated(url)
    after = {check.name: check for check in doctoring_services.ledger(settings)}
    assert after["ledger"].level == after["clocks"].level == "ok"
    assert after["ledger durability"].level == "fail"  # the tests' server runs without fsync, and doctor sees it
    assert "synchronous_commit=on fsync=off" in after["ledger durability"].detail
    engine = open_database(url)
    with transaction(engine) as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert "update sohoa" in next(doctoring_services.ledger(settings)).do


def test_a_ledger_address_that_is_none() -> None:
    """A wrong address is one failed check, not a crash."""
    for url in ("nonsense", "mysql://host/db", "sqlite:///:memory:"):
        (check,) = doctoring_services.ledger(Settings(ledger=LedgerSettings(url=url)))
        assert check.level == "fail"


def test_a_broker_of_which_one_node_answers(rabbitmq: PrivateRabbitMq) -> None:
    """All answer: ok. One of two: a warning that names the other."""
    whole = BrokerSettings(kind="rabbitmq", url=SecretStr(rabbitmq.url))
    assert doctoring_services.broker(Settings(broker=whole)).level == "ok"
    half = BrokerSettings(kind="rabbitmq", url=SecretStr(f"{rabbitmq.url};amqp://{AWAY}/"))
    check = doctoring_services.broker(Settings(broker=half))
    assert check.level == "warn"
    assert AWAY in check.detail


@pytest.mark.parametrize(
    ("object_lock", "retain_days", "expected"), [(True, 0, "ok"), (False, 0, "warn"), (False, 30, "fail")]
)
def test_a_bucket_and_its_rules(s3: S3, object_lock: bool, retain_days: int, expected: str) -> None:
    """Retention without Object Lock would fail every put; no lock at all is only a warning."""
    bucket = s3.bucket(f"doctor-{'lock' if object_lock else 'plain'}", object_lock=object_lock)
    chosen = ArchiveSettings(
        kind="s3",
        bucket=bucket,
        endpoint=s3.endpoint,
        region=s3.region,
        access_key=SecretStr(s3.access_key),
        secret_key=SecretStr(s3.secret_key),
        retain_days=retain_days,
    )
    found = levels(list(doctoring_services.archive(Settings(archive=chosen))))
    assert found == {"archive": "ok", "archive rules": expected}
    (missing,) = doctoring_services.archive(Settings(archive=chosen.model_copy(update={"bucket": "doctor-none"})))
    assert missing.level == "fail"


def test_the_bucket_of_blobs_keeps_no_versions(s3: S3) -> None:
    """Versions would keep what is deleted; a bucket that is not there fails."""
    chosen = BlobSettings(
        kind="s3",
        bucket=s3.bucket("doctor-work"),
        endpoint=s3.endpoint,
        access_key=SecretStr(s3.access_key),
        secret_key=SecretStr(s3.secret_key),
    )
    for bucket, level in (("doctor-work", "ok"), (s3.bucket("doctor-lock", object_lock=True), "warn"), ("no", "fail")):
        settings = Settings(blobs=chosen.model_copy(update={"bucket": bucket}))
        assert levels(list(doctoring_services.blobs(settings))) == {"blobs": level}
    assert list(doctoring_services.blobs(Settings())) == []


@pytest.fixture
def certificate(tmp_path: Path) -> asn1_x509.Certificate:
    """The test CA's signing certificate, valid 2020 to 2049."""
    TestCaSigner(tmp_path / "ca", SignerSettings()).subject()
    blocks = asn1_pem.unarmor((tmp_path / "ca" / BUNDLE).read_bytes(), multiple=True)
    return next(asn1_x509.Certificate.load(der) for kind, _, der in blocks if kind == "CERTIFICATE")


def test_a_certificate_is_judged_by_its_time(certificate: asn1_x509.Certificate) -> None:
    """In force, about to end, ended, not begun; a test certificate is never quite well."""
    last = certificate.not_valid_after
    for at, expected in (
        (datetime(2026, 11, 21, tzinfo=UTC), "ok"),
        (last - timedelta(days=59), "warn"),
        (last + timedelta(seconds=1), "fail"),
        (certificate.not_valid_before - timedelta(seconds=1), "fail"),
    ):
        assert doctoring_services.judge_certificate(certificate, at, is_test=False).level == expected
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert doctoring_services.judge_certificate(certificate, now, is_test=True).level == "warn"


def test_a_token_is_looked_at_without_its_pin(softhsm: SoftHsm, certificate: asn1_x509.Certificate) -> None:
    """The certificate is read with a wrong PIN in the settings, and no try of the PIN is spent."""
    label = "doctor"
    token = pkcs11.lib(str(softhsm.module)).get_token(token_label=softhsm.token_label)
    with token.open(rw=True, user_pin=softhsm.pin) as session:
        content = decode_x509_certificate(certificate.dump())
        content[pkcs11.Attribute.LABEL], content[pkcs11.Attribute.TOKEN] = label, True
        content[pkcs11.Attribute.PRIVATE] = False
        session.create_object(content)
    chosen = SignerSettings(
        kind="pkcs11",
        path=softhsm.module,
        password=SecretStr("wrong"),
        token_label=softhsm.token_label,
        key_label=label,
    )
    (check,) = doctoring_services.signer(Settings(signer=chosen))
    assert check.level == "ok"
    assert "sohoa test signer" in check.detail
    flags = pkcs11.lib(str(softhsm.module)).get_token(token_label=softhsm.token_label).flags
    assert pkcs11.TokenFlag.USER_PIN_COUNT_LOW not in flags
    for changes in ({"token_label": "none"}, {"key_label": "none"}, {"path": Path("/none.so")}):
        (check,) = doctoring_services.signer(Settings(signer=chosen.model_copy(update=changes)))
        assert check.level == "fail"


def test_a_language_without_a_model_fails(tmp_path: Path) -> None:
    """Each language of the settings is looked for; the advice names the package."""
    (tmp_path / "vie.traineddata").write_bytes(b"x")
    (tmp_path / "eng.traineddata").touch()
    checks = list(doctoring.languages(Settings(ocr=OcrSettings(languages="vie+eng+chi_sim", tessdata=tmp_path))))
    found = levels(checks)
    assert (found["language vie"], found["language eng"], found["language chi_sim"]) == ("ok", "fail", "fail")
    assert "tesseract-ocr-chi-sim" in next(c.do for c in checks if c.name == "language chi_sim")


def test_a_font_without_vietnamese_letters_fails(tmp_path: Path) -> None:
    """A font that lacks one letter would print an empty box in the stamp."""
    good = SignerSettings().font
    assert doctoring.font(good).level == "ok"
    with TTFont(good) as face:
        chooser = subset.Subsetter()
        chooser.populate(text=(doctoring.vietnamese_letters() + doctoring.STAMP_SIGNS).replace("ữ", ""))
        chooser.subset(face)
        face.save(tmp_path / "poor.ttf")
    check = doctoring.font(tmp_path / "poor.ttf")
    assert (check.level, "lacks 1 letters: ữ" in check.detail) == ("fail", True)
    (tmp_path / "none.ttf").write_bytes(b"no font")
    assert doctoring.font(tmp_path / "none.ttf").level == doctoring.font(tmp_path / "absent.ttf").level == "fail"


def test_the_letters_of_vietnamese() -> None:
    """12 vowels with 6 tones and đ, both cases, each one character."""
    letters = doctoring.vietnamese_letters()
    assert len(letters) == len(set(letters)) == 2 * (12 * 6 + 1)
    assert {"ữ", "Ợ", "đ", "Ẵ", "y"} <= set(letters)


def machine(folder: Path, kind: str, device: str, mount: str = "/") -> Machine:
    """A kernel that knows one file system at the mount point."""
    (folder / "devices").mkdir()
    (folder / "mountinfo").write_text(f"1 0 {device} / {mount} rw - {kind} /dev/x rw\n")
    return Machine(folder / "mountinfo", folder / "devices")


def block(place: Path, uuid: str | None = None, slaves: Sequence[str] = ()) -> None:
    """A block device as sysfs shows it; ``slaves``: device numbers below it."""
    place.mkdir(parents=True)
    if uuid is not None:
        (place / "dm").mkdir()
        (place / "dm" / "uuid").write_text(uuid)
    (place / "slaves").mkdir()
    for slave in slaves:
        (place / "slaves" / slave).symlink_to(place.parent / slave)


def test_encryption_is_found_below_a_logical_volume(tmp_path: Path) -> None:
    """LVM on LUKS is encrypted; on two disks only if both are; a plain disk is not."""
    devices = machine(tmp_path, "ext4", "253:1").devices
    block(devices / "8:2")
    block(devices / "253:0", "CRYPT-LUKS2-0123", ["8:2"])
    block(devices / "253:1", "LVM-0123", ["253:0"])
    block(devices / "253:2", "LVM-0456", ["253:0", "8:2"])
    assert [doctoring.is_encrypted(devices / d) for d in ("8:2", "253:0", "253:1", "253:2")] == [
        False,
        True,
        True,
        False,
    ]
    check = doctoring.encryption("state", tmp_path / "later", Machine(tmp_path / "mountinfo", devices))
    assert (check.level, check.detail) == ("ok", "dm-crypt (LUKS)")


def test_what_cannot_be_known_about_encryption_is_said(tmp_path: Path) -> None:
    """A volume that is no block device here is unknown, neither well nor failed."""
    check = doctoring.encryption("state", tmp_path, machine(tmp_path, "overlay", "0:42"))
    assert check.level == "warn"
    assert "unknown" in check.detail
    none = doctoring.encryption("state", tmp_path, Machine(tmp_path / "absent", tmp_path))
    assert "unknown" in none.detail


@pytest.mark.parametrize(("kind", "expected"), [("ext4", "ok"), ("nfs4", "fail"), ("cifs", "fail"), ("tmpfs", "warn")])
def test_sqlite_needs_a_local_lasting_disk(tmp_path: Path, kind: str, expected: str) -> None:
    """WAL does not work over a network, and memory forgets; a cluster's ledger is elsewhere."""
    there = machine(tmp_path, kind, "8:1")
    settings = Settings()
    assert doctoring.folder("state", tmp_path, settings, there).level == expected
    cluster = Settings(ledger=LedgerSettings(url="postgresql+psycopg://x/y"))
    assert doctoring.folder("state", tmp_path, cluster, there).level != "fail"


def test_a_folder_without_room_fails(tmp_path: Path) -> None:
    """Below intake's mark nothing would be accepted."""
    greedy = Settings.model_validate({"intake": {"min_free_mb": 10**12}})
    there = machine(tmp_path, "ext4", "8:1")
    assert doctoring.folder("state", tmp_path, greedy, there).level == "fail"
    file = tmp_path / "file"
    file.touch()
    assert doctoring.folder("state", file / "below", Settings(), there).level == "fail"


def test_the_longest_mount_wins(tmp_path: Path) -> None:
    """Of nested mounts the inner one holds the path, names with spaces too; a later mount hides an earlier."""
    lines = [
        "1 0 8:1 / / rw - ext4 /dev/a rw",
        "2 1 8:2 / /srv rw - xfs /dev/b rw",
        r"3 1 8:3 / /srv/h\040s rw shared:1 - ext4 /dev/c rw",
        "4 1 8:4 / /srv rw - btrfs /dev/d rw",
    ]
    (tmp_path / "mountinfo").write_text("\n".join(lines))
    there = Machine(tmp_path / "mountinfo", tmp_path)
    for path, device in (("/srv/h s/x", "8:3"), ("/srv/x", "8:4"), ("/srvx", "8:1"), ("/", "8:1")):
        found = doctoring.volume(Path(path), there)
        assert found is not None
        assert found.device == device


@pytest.mark.parametrize(
    ("now", "state", "expected"),
    [
        (datetime(2026, 11, 21, tzinfo=UTC), 0, "ok"),
        (datetime(2026, 11, 21, tzinfo=UTC), 5, "warn"),
        (datetime(1970, 1, 1, tzinfo=UTC), 0, "fail"),
    ],
)
def test_the_clock(now: datetime, state: int, expected: str) -> None:
    """Its time is printed on certified copies."""
    assert doctoring.clock(now, state).level == expected


def test_only_python_3_11_has_a_lock_file() -> None:
    """Another version would install other libraries."""
    assert [doctoring.python(version).level for version in ((3, 10), (3, 11), (3, 12))] == ["fail", "ok", "fail"]
