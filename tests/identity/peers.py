"""The parsers that receivers use: how each is built and asked."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from batch import Batch

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "peers"


@dataclass(frozen=True)
class Peer:
    name: str
    command: tuple
    build: tuple = ()  # the command that makes its program
    first: bool = False  # reads one address, the first
    domain: bool = False  # reads a domain alone

    def start(self, folder):
        """folder: where build_all has built."""
        if self.build:
            made = subprocess.run(self.build, cwd=folder, capture_output=True, text=True, check=False)
            assert made.returncode == 0, f"{self.name}: {made.stdout}{made.stderr}"
        return Batch(self.name, self.command, folder)


def _c(name, *mode, libraries=(), module=None, **reads):
    flags = list(libraries)
    if module:
        told = subprocess.run(["pkg-config", "--cflags", "--libs", module], capture_output=True, text=True,
                              check=True)
        flags += told.stdout.split()
    build = ("cc", "-O1", "-Wall", "-Wextra", "-Werror", "-o", name, str(SOURCES / f"{name}.c"), *flags)
    return Peer(" ".join((name, *mode)), (f"./{name}", *mode), build, **reads)


def _script(language, interpreter, ending, modes, **reads):
    path = str(SOURCES / f"addresses.{ending}")
    return [Peer(f"{language} {mode}".strip(), (*interpreter, path, *mode.split()), **reads)
            for mode in modes]


DOVECOT = ("-I/usr/include/dovecot", "-L/usr/lib/dovecot", "-Wl,-rpath,/usr/lib/dovecot", "-ldovecot")


def all_peers():
    go = Peer("go", ("./go-addresses",), ("go", "build", "-o", "go-addresses", str(SOURCES / "addresses.go")))
    return [
        *_script("python", ("/usr/bin/python3",), "py", ["getaddresses", "decoded", "default", "smtp"]),
        *_script("python", ("/usr/bin/python3",), "py", ["parseaddr"], first=True),
        *[_c("gmime", mode, module="gmime-3.0") for mode in ("loose", "strict", "message")],
        *_script("perl", ("perl",), "pl",
                 ["Email::Address", "Email::Address::XS", "Mail::Address", "Mail::Header"]),
        go,
        *_script("npm", ("node",), "js",
                 ["nodemailer", "nodemailer-6", "addressparser", "mailparser", "address-rfc2822",
                  "email-addresses"]),
        *_script("npm", ("node",), "js", ["postal-mime"], first=True),
        *_script("php", ("php",), "php", ["imap", "mailparse"]),
        *_script("ruby", ("ruby",), "rb", [""]),
        *_script("rspamd", ("rspamadm", "lua"), "lua", [""]),
        _c("dovecot", "usual", libraries=DOVECOT),
        _c("dovecot", "strict", libraries=DOVECOT),
        _c("etpan", libraries=("-l:libetpan.so.20",)),
        _c("opendkim", libraries=("-lopendkim",), first=True),
        _c("opendmarc", libraries=("-lopendmarc",), first=True, domain=True),
    ]


def _blocks(language, interpreter, ending, modes, **reads):
    path = str(SOURCES / f"blocks.{ending}")
    return [Peer(f"{language} {mode}".strip(), (*interpreter, path, *mode.split()), **reads) for mode in modes]


def block_peers():
    """Those that read whole messages."""
    go = Peer("go", ("./go-blocks",), ("go", "build", "-o", "go-blocks", str(SOURCES / "blocks.go")))
    return [
        *_blocks("python", ("/usr/bin/python3",), "py", ["compat32", "default"]),
        _c("gmime", "block", module="gmime-3.0"),
        *_blocks("perl", ("perl",), "pl", [""]),
        go,
        *_blocks("npm", ("node",), "js", ["mailparser"]),
        *_blocks("npm", ("node",), "js", ["postal-mime"], first=True),
        *_blocks("php", ("php",), "php", ["imap", "mailparse"]),
        *_blocks("ruby", ("ruby",), "rb", [""]),
        *_blocks("rspamd", ("rspamadm", "lua"), "lua", [""]),
        _c("blocks_dovecot", libraries=DOVECOT),
    ]


def fetch_npm(folder):
    """Has npm install what package-lock.json pins, once."""
    lock = (HERE / "package-lock.json").read_bytes()
    taken = folder / "package-lock.json"
    if (folder / "node_modules").is_dir() and taken.exists() and taken.read_bytes() == lock:
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder / name)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(folder / "node_modules", ignore_errors=True)
    assert done.returncode == 0, f"npm ci: {done.stderr}"
