"""Settings: frozen, validated at start-up with every error reported at once, and passed in.

Loading them from a TOML file and ``SOHOA_*`` variables is ``pipeline.wiring``'s work.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from models.base import Model
from models.manifest import Agency
from models.quality import SEVERITIES, Severity

Positive = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]
Days = Annotated[float, Field(gt=0)]


class LedgerSettings(Model):
    """``url``: SQLAlchemy address, with the password in it; None is SQLite in the state folder."""

    url: Annotated[str | None, Field(repr=False)] = None


class BrokerSettings(Model):
    """``url``: ``amqp://…``; several hosts of one cluster apart by ``;``. ``quorum``: replicated queues."""

    kind: Literal["memory", "rabbitmq"] = "memory"
    url: SecretStr | None = None
    quorum: bool = True
    prefix: Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,40}$")] = "sohoa"
    blocked_timeout_s: Seconds = 10.0

    @model_validator(mode="after")
    def _address(self) -> Self:
        if self.kind == "rabbitmq" and self.url is None:
            raise ValueError("broker.url: needed with broker.kind = rabbitmq")
        return self


class BucketSettings(Model):
    """An S3 bucket; unset keys come from boto3's own chain."""

    bucket: str = ""
    prefix: str = ""
    endpoint: str | None = None
    region: str = "us-east-1"
    access_key: SecretStr | None = None
    secret_key: SecretStr | None = None


class BlobSettings(BucketSettings):
    """``disk``: a folder of this host (``root`` None: ``blobs`` in the state folder). ``s3``: a bucket for all hosts.

    ``quota_mb``: what a bucket may hold, for intake's watermarks; a disk tells by itself.
    """

    kind: Literal["disk", "s3"] = "disk"
    root: Path | None = None
    quota_mb: Positive = 100_000

    @model_validator(mode="after")
    def _bucket(self) -> Self:
        if self.kind == "s3" and not self.bucket:
            raise ValueError("blobs.bucket: needed with blobs.kind = s3")
        return self


class ArchiveSettings(BucketSettings):
    """``disk``: write-once folder (``root`` None: ``archive`` in the output folder). ``s3``: bucket.

    ``retain_days``: Object Lock retention that each object is written with; 0 for none.
    """

    kind: Literal["disk", "s3"] = "disk"
    root: Path | None = None
    retain_days: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _bucket(self) -> Self:
        if self.kind == "s3" and not self.bucket:
            raise ValueError("archive.bucket: needed with archive.kind = s3")
        return self


class OcrSettings(Model):
    """``languages`` as Tesseract names them (``vie+eng``). ``tessdata``: folder of ``*.traineddata``."""

    engine: str = "turbo"
    languages: Annotated[str, Field(pattern=r"^[a-z_]+(\+[a-z_]+)*$")] = "vie"
    tessdata: Path = Path("/usr/share/tesseract-ocr/5/tessdata")
    cache: Path | None = None
    """Folder for converted networks; None: ``ocr`` in the state folder."""
    deadline_s: Seconds = 120.0
    """The longest that an engine works on one side; below ``wall_s`` of the page pool, which kills."""


class SignerSettings(Model):
    """``test-ca``: self-made certificate. ``pkcs12``: a file. ``pkcs11``: a token or HSM.

    ``padding``: Circular 15/2025 asks for PSS, deployed tokens sign PKCS#1 v1.5.
    """

    kind: Literal["test-ca", "pkcs12", "pkcs11"] = "test-ca"
    path: Path | None = None
    """PKCS#12 file, or the PKCS#11 module."""
    password: SecretStr | None = None
    """Pass phrase of the file, or PIN of the token."""
    token_label: str = ""
    key_label: str = ""
    padding: Literal["pkcs1v15", "pss"] = "pkcs1v15"
    tsa_url: str | None = None
    tsa_timeout_s: Seconds = 180.0
    font: Path = Path("/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf")
    """Times New Roman of the agency; the default has the same metrics and must be declared."""

    @model_validator(mode="after")
    def _key(self) -> Self:
        if self.kind != "test-ca" and self.path is None:
            raise ValueError(f"signer.path: needed with signer.kind = {self.kind}")
        return self


class PoolSettings(Model):
    """One worker pool of one host. ``wall_s``, ``cpu_s`` and ``rss_mb`` end a step; 0 steps never recycle."""

    slots: Positive = 1
    wall_s: Seconds = 300.0
    cpu_s: Seconds = 240.0
    rss_mb: Positive = 2048
    recycle_after: Annotated[int, Field(ge=0)] = 1000


class DeliverySettings(Model):
    """Relay, claims and retries. Times in seconds."""

    credit: Positive = 3
    """Steps in flight per live slot (k)."""
    poll_s: Seconds = 0.05
    sent_expires_s: Seconds = 60.0
    lease_s: Seconds = 30.0
    leader_s: Seconds = 10.0
    heartbeat_s: Seconds = 2.0
    sweep_s: Seconds = 15.0
    retry_first_s: Seconds = 1.0
    retry_most_s: Seconds = 60.0
    defects: Positive = 3
    """A ``Defect`` ends a revision at this many attempts."""
    kills: Positive = 2
    """Counted kills that quarantine a page."""
    drain_s: Seconds = 30.0
    bulk_share: Annotated[float, Field(ge=0.0, le=1.0)] = 0.1
    """What bulk keeps when counters are busy."""
    long_sides: Positive = 100
    """Work on a whole document of more sides is expected to be long: one slot of each pool never takes it."""


class IntakeSettings(Model):
    """Ring one: what intake accepts. Above ``high_mb`` it waits until ``low_mb``."""

    poll_s: Seconds = 0.5
    high_mb: Positive = 50_000
    low_mb: Positive = 40_000
    min_free_mb: Positive = 1_000
    max_owed_age_s: Seconds = 4 * 3600.0
    max_file_mb: Positive = 500


class RetentionSettings(Model):
    """How long the blobs of a document are kept after its end.

    ``archived_days``: of a copy that the archive has, read back and verified. ``rejected_days``: of REJECTED and
    FAILED ones, counted from the last revision, and of what intake refused.
    """

    archived_days: Days = 7.0
    rejected_days: Days = 30.0
    every_s: Seconds = 3600.0


class GateSettings(Model):
    """Which gates hold a document. ``sohoa process`` opens ``approval`` itself for workers of its own with the test CA."""

    approval: bool = True
    confirmation: bool = False
    personal_signature: bool = False


class QualitySettings(Model):
    """Rules R5 and R6 of the domain. ``severity``: of a code, where it is not to be the default of
    :data:`models.quality.SEVERITIES`."""

    min_dpi: Positive = 200
    min_drawing_dpi: Positive = 300
    """For sheets of A2 and larger."""
    max_pixels: Positive = 150_000_000
    """From the header, before decoding: an A0 drawing at 300 dpi is legal."""
    dpi_axes_tolerance: Annotated[float, Field(ge=0)] = 0.02
    """Share by which the resolutions of the two axes may differ (rule R6)."""
    severity: dict[str, Severity] = Field(default_factory=dict)

    @field_validator("severity")
    @classmethod
    def _known(cls, severity: dict[str, Severity]) -> dict[str, Severity]:
        unknown = sorted(set(severity) - set(SEVERITIES))
        if unknown:
            raise ValueError(f"no such code: {', '.join(unknown)}; known are {', '.join(SEVERITIES)}")
        return severity

    def severity_of(self, code: str) -> Severity:
        """What the code means here."""
        return self.severity.get(code, SEVERITIES[code])


class BlankSettings(Model):
    """Thresholds of the blank-side measure: ink share of the page area. Between them: unsure.

    On A4 the defaults are 0.25 and 0.75 mm²; a printed "1" of 13 points is 3 mm² as it is measured.
    """

    blank_below: Annotated[float, Field(ge=0.0)] = 0.000004
    ink_above: Annotated[float, Field(ge=0.0)] = 0.000012


class Settings(Model):
    """Everything that can be set. ``state``: ledger, blobs and test CA of the embedded defaults."""

    state: Path = Path("sohoa-state")
    agency: Agency = Agency(code="H00.00", name="Cơ quan số hóa (chưa đặt tên)")
    """The body that runs this data centre; used where no manifest names one."""
    ledger: LedgerSettings = LedgerSettings()
    broker: BrokerSettings = BrokerSettings()
    blobs: BlobSettings = BlobSettings()
    archive: ArchiveSettings = ArchiveSettings()
    ocr: OcrSettings = OcrSettings()
    signer: SignerSettings = SignerSettings()
    pools: dict[str, PoolSettings] = Field(default_factory=dict)
    delivery: DeliverySettings = DeliverySettings()
    intake: IntakeSettings = IntakeSettings()
    retention: RetentionSettings = RetentionSettings()
    gates: GateSettings = GateSettings()
    quality: QualitySettings = QualitySettings()
    blank: BlankSettings = BlankSettings()

    def pool(self, name: str) -> PoolSettings:
        """The pool's settings, or the defaults."""
        return self.pools.get(name, PoolSettings())
