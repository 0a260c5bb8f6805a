"""What all milters under measurement share: a folder of their own, keys, the fields that are signed, senders."""

import base64
import os
import re
import shutil
import tempfile
from pathlib import Path

from harness.build import TOP, program
from harness.keys import public_records
from harness.process import run

DOMAIN = "example.com"
# What the keys of each kind sign by, in the order in which they are asked for.
ALGORITHMS = {"rsa": ["rsa-sha256"], "ed25519": ["ed25519-sha256"], "both": ["rsa-sha256", "ed25519-sha256"]}
ED25519_PREFIX = 16  # bytes of DER before the 32 of a private key (RFC 8410)


def shipped_list(name):
    """A list of the shipped submilter.conf, where every default stands in a comment."""
    text = re.sub(r"(?m)^\s*#", "", (TOP / "conf/submilter.conf").read_text("utf-8"))
    return re.findall(r'"([^"]*)"', re.search(rf"\b{name} = \[(.*?)\];", text, re.DOTALL)[1])


class Site:
    """with Site() as site: the folder goes when it ends."""

    def __init__(self):
        # Not below a longer path: a unix socket's has 107 bytes at most.
        self.folder = Path(tempfile.mkdtemp(prefix="submilter-bench.", dir="/tmp"))
        self.folder.chmod(0o755)
        self.signed = shipped_list("sign_fields")
        self.oversigned = shipped_list("oversign_fields")
        self.keys = {kind: self._make_keys(kind) for kind in ALGORITHMS}

    def _make_keys(self, kind):
        """KIND/DOMAIN/{rsa,ed25519}.pem. The same keys everywhere."""
        folder = self.folder / "keys" / kind / DOMAIN
        folder.mkdir(parents=True)
        for algorithm in ALGORITHMS[kind]:
            name = algorithm.split("-")[0]
            first = self.folder / f"{name}.pem"
            if not first.exists():
                options = ("-pkeyopt", "rsa_keygen_bits:2048") if name == "rsa" else ()
                run("openssl", "genpkey", "-quiet", "-algorithm", name, *options, "-out", first)
            shutil.copy(first, folder)
            (folder / first.name).chmod(0o600)
        return folder.parent

    def key_files(self, kind):
        """[(selector, path)], in the order of ALGORITHMS."""
        names = [algorithm.split("-")[0] for algorithm in ALGORITHMS[kind]]
        return [(name, self.keys[kind] / DOMAIN / f"{name}.pem") for name in names]

    def dns(self, kind):
        return public_records(self.keys[kind])

    def raw_ed25519(self):
        """The private Ed25519 key as rspamd takes it: its 32 bytes and the public 32 in base64."""
        path = self.folder / "ed25519.pem"
        private = run("openssl", "pkey", "-in", path, "-outform", "DER").stdout[ED25519_PREFIX:]
        public = run("openssl", "pkey", "-in", path, "-pubout", "-outform", "DER").stdout[-32:]
        return base64.b64encode(private + public).decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if "SUBMILTER_KEEP_FOLDER" not in os.environ:
            shutil.rmtree(self.folder, ignore_errors=True)


def bench_program(name):
    return program(f"tests/bench/{name}")
