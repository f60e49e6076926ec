"""A real PKCS#11 token: SoftHSM with its tokens in a folder of our own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.servers.missing import ServerMissing

MODULES = (Path("/usr/lib/softhsm/libsofthsm2.so"), Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"))
UTIL = Path("/usr/bin/softhsm2-util")


class SoftHsm:
    """One initialised, empty token. Raises ``ServerMissing``.

    A program that loads ``module`` needs ``SOFTHSM2_CONF=<conf>`` in its environment.
    """

    token_label = "sohoa-test"
    pin = "1234"
    so_pin = "5678"

    def __init__(self) -> None:
        modules = [module for module in MODULES if module.exists()]
        if not modules or not UTIL.exists():
            raise ServerMissing("SoftHSM is not installed: apt-get install softhsm2")
        self.module = modules[0]
        self._folder = Path(tempfile.mkdtemp(prefix="sohoa-softhsm-"))
        self.conf = self._folder / "softhsm2.conf"
        tokens = self._folder / "tokens"
        tokens.mkdir()
        self.conf.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.util("--init-token", "--free", "--label", self.token_label, "--pin", self.pin, "--so-pin", self.so_pin)

    def util(self, *arguments: str) -> str:
        """Run ``softhsm2-util`` on the token folder and return what it prints."""
        done = subprocess.run(
            [str(UTIL), *arguments],
            env={"SOFTHSM2_CONF": str(self.conf)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self) -> None:
        """Remove the tokens."""
        shutil.rmtree(self._folder, ignore_errors=True)
