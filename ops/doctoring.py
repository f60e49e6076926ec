"""What `sohoa doctor` looks at on this machine: programs, data files, folders, clock. Nothing is changed."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Literal

from models.settings import Settings

Level = Literal["ok", "warn", "fail"]

MB = 1024 * 1024
LITTLE = 4
"""Warn where free space is less than this many times what intake needs."""

NETWORK = frozenset(("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "glusterfs", "fuse.glusterfs"))
FLEETING = frozenset(("tmpfs", "ramfs"))

STAMP_SIGNS = "0123456789;:,.-+()/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CLOCK_NOT_SYNCHRONISED = 5
"""``adjtimex(2)``: TIME_ERROR."""
PROGRAM_OLDER_THAN = datetime(2026, 11, 1, tzinfo=UTC)
"""No clock that shows an earlier time is right."""


@dataclass(frozen=True)
class Check:
    """One thing looked at. ``do``: what the operator can do about it; empty when all is well."""

    name: str
    level: Level
    detail: str
    do: str = ""


@dataclass(frozen=True)
class Machine:
    """Where the kernel tells about mounts and devices; tests point it elsewhere."""

    mountinfo: Path = Path("/proc/self/mountinfo")
    devices: Path = Path("/sys/dev/block")


@dataclass(frozen=True)
class Volume:
    """The file system that a path is on. ``device``: ``major:minor``."""

    mount: str
    kind: str
    device: str


def check_machine(settings: Settings, machine: Machine = Machine()) -> Iterator[Check]:
    """Everything that needs no server."""
    yield python()
    yield from languages(settings)
    yield font(settings.signer.font)
    yield rabbitmq_installed(settings)
    for name, path in places(settings).items():
        yield folder(name, path, settings, machine)
        yield encryption(name, path, machine)
    yield clock()


def python(version: tuple[int, int] = sys.version_info[:2]) -> Check:
    """The one version that the lock file is for."""
    detail = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    if version == (3, 11):
        return Check("python", "ok", detail)
    return Check("python", "fail", detail, "use Python 3.11: the lock file has no other")


def languages(settings: Settings) -> Iterator[Check]:
    """Tesseract and its model of each language in the settings."""
    try:
        import tesserocr
    except ImportError as error:
        yield Check("tesseract", "fail", f"tesserocr does not load: {error}", "install requirements.lock again")
    else:
        yield Check("tesseract", "ok", str(tesserocr.tesseract_version()).splitlines()[0])
    for language in settings.ocr.languages.split("+"):
        model = settings.ocr.tessdata / f"{language}.traineddata"
        if model.is_file() and model.stat().st_size > 0:
            yield Check(f"language {language}", "ok", f"{model}, {model.stat().st_size / MB:.1f} MB")
        else:
            install = f"apt-get install tesseract-ocr-{language.replace('_', '-')}, or set ocr.tessdata to its folder"
            yield Check(f"language {language}", "fail", f"{model} is not there", install)


def vietnamese_letters() -> str:
    """Every letter of Vietnamese with every tone, both cases."""
    tones = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
    small = [unicodedata.normalize("NFC", vowel + tone) for vowel in "aăâeêioôơuưy" for tone in tones] + ["đ"]
    return "".join(small) + "".join(small).upper()


def font(path: Path) -> Check:
    """The stamp's font: a font without a letter draws an empty box, and no text tool notices."""
    from fontTools.ttLib import TTFont, TTLibError

    do = "apt-get install fonts-liberation2, or set signer.font to the agency's Times New Roman"
    try:
        with TTFont(BytesIO(path.read_bytes()), lazy=True) as file:
            known = file.getBestCmap() or {}
            name = file["name"].getDebugName(4) or path.name
    except (OSError, TTLibError) as error:
        return Check("signing font", "fail", f"{path}: {error}", do)
    missing = [sign for sign in vietnamese_letters() + STAMP_SIGNS if ord(sign) not in known]
    if missing:
        return Check("signing font", "fail", f"{name} lacks {len(missing)} letters: {''.join(missing[:10])}…", do)
    if "Times New Roman" not in name:
        declare = "Decree 30/2020 asks for Times New Roman; a substitute must be declared"
        return Check("signing font", "ok", f"{name}, all Vietnamese letters ({declare})")
    return Check("signing font", "ok", f"{name}, all Vietnamese letters")


def rabbitmq_installed(settings: Settings) -> Check:
    """Debian's broker and the helper that ``process --broker rabbitmq`` starts, where no broker is set."""
    if settings.broker.kind == "rabbitmq":
        return Check("private RabbitMQ", "ok", "not needed: the settings name a broker")
    wanted = {"rabbitmq-server": "/usr/sbin/rabbitmq-server", "util-linux": "/usr/bin/setpriv"}
    missing = [package for package, path in wanted.items() if shutil.which(path) is None]
    if missing:
        do = f"only for `sohoa process --broker rabbitmq`: apt-get install {' '.join(missing)}"
        return Check("private RabbitMQ", "warn", "not installed", do)
    return Check("private RabbitMQ", "ok", "installed")


def places(settings: Settings) -> dict[str, Path]:
    """Folders that documents are kept in, by what they are called here."""
    found = {"state": settings.state}
    if settings.blobs.root is not None:
        found["blobs"] = settings.blobs.root
    if settings.archive.kind == "disk":
        found["archive"] = settings.archive.root or settings.state / "archive"
    return found


def folder(name: str, path: Path, settings: Settings, machine: Machine) -> Check:
    """Writable, on which file system, and with room."""
    title, there = f"{name} folder", _nearest(path)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Check(title, "fail", f"{there} cannot be written to", f"give this user {there}, or set another folder")
    free_mb = shutil.disk_usage(there).free / MB
    kind = _kind(there, machine)
    detail = f"{path.absolute()}{'' if path.exists() else ' (not made yet)'}, {kind}, {free_mb / 1024:.1f} GB free"
    needed_mb = settings.intake.min_free_mb
    if free_mb < needed_mb:
        return Check(title, "fail", detail, f"free some space: below {needed_mb} MB intake takes nothing")
    if name == "state" and kind in NETWORK and settings.ledger.url is None:
        return Check(title, "fail", detail, "SQLite needs a local disk: move state, or set ledger.url to PostgreSQL")
    if kind in FLEETING:
        return Check(title, "warn", detail, "what is here is lost when the machine stops: choose a folder on a disk")
    if free_mb < LITTLE * needed_mb:
        return Check(title, "warn", detail, f"little space is left; below {needed_mb} MB intake takes nothing")
    return Check(title, "ok", detail)


def encryption(name: str, path: Path, machine: Machine) -> Check:
    """Whether the volume is encrypted, as far as this system can know."""
    title = f"{name} encryption at rest"
    on = volume(_nearest(path), machine)
    block = None if on is None else machine.devices / on.device
    if block is None or not block.exists():
        detail = "unknown: this volume is not a block device of this system (container, ZFS, btrfs, network)"
        return Check(title, "warn", detail, "make sure that the host, pool or storage encrypts it")
    if is_encrypted(block):
        return Check(title, "ok", "dm-crypt (LUKS)")
    detail = "not by this system; whether disk or hypervisor encrypts is unknown here"
    return Check(title, "warn", detail, "papers of citizens lie here: put the folder on a LUKS volume")


def is_encrypted(block: Path) -> bool:
    """Whether a block device, or each device below it, is dm-crypt."""
    uuid = block / "dm" / "uuid"
    if uuid.is_file() and uuid.read_text("ascii").startswith("CRYPT-"):
        return True
    slaves = sorted((block / "slaves").iterdir()) if (block / "slaves").is_dir() else []
    return bool(slaves) and all(is_encrypted(slave) for slave in slaves)


def volume(path: Path, machine: Machine) -> Volume | None:
    """The mount that holds a path: the longest, and of two on one folder the later."""
    try:
        lines = machine.mountinfo.read_text("utf-8").splitlines()
    except OSError:
        return None
    best: Volume | None = None
    for line in lines:
        left, _, right = line.partition(" - ")
        fields = left.split()
        mount = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), fields[4])
        if path.is_relative_to(mount) and (best is None or len(mount) >= len(best.mount)):
            best = Volume(mount, right.split()[0], fields[2])
    return best


def clock(now: datetime | None = None, state: int | None = None) -> Check:
    """The kernel's word on whether something keeps the clock right; the time is printed on certified copies."""
    now = now or datetime.now(UTC)
    state = _kernel_clock() if state is None else state
    shown = now.isoformat(timespec="seconds")
    if now < PROGRAM_OLDER_THAN:
        return Check("clock", "fail", f"{shown} is in the past", "set the clock and start chrony or systemd-timesyncd")
    if state is None:
        return Check("clock", "warn", f"{shown}; whether it is synchronised is unknown", "make sure that NTP runs")
    if state == CLOCK_NOT_SYNCHRONISED:
        do = "start chrony or systemd-timesyncd (in a container: on its host)"
        return Check("clock", "warn", f"{shown}, not synchronised", do)
    return Check("clock", "ok", f"{shown}, synchronised")


def _kernel_clock() -> int | None:
    """``adjtimex(2)`` with nothing to set; None where the system has no such call or refuses it."""
    try:
        answer = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)))
    except (AttributeError, OSError):
        return None
    return None if answer < 0 else answer


def _nearest(path: Path) -> Path:
    """The path, or the first folder above that exists."""
    return next(place for place in (path.absolute(), *path.absolute().parents) if place.exists()).resolve()


def _kind(path: Path, machine: Machine) -> str:
    on = volume(path, machine)
    return "unknown file system" if on is None else on.kind
