"""A copy of a mail host's configuration in a folder of its own, for `submilterctl setup`."""

import contextlib
import grp
import json
import os
import pwd
import re
import shutil
import stat
import tempfile
from pathlib import Path

from .build import program
from .process import run

USER = "nobody"
SHARE = Path("/usr/share/postfix")


def snapshot(folder):
    """Everything below a folder: kind, mode, owner, content."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else None
        found[str(path)] = (oct(status.st_mode), status.st_uid, status.st_gid, content)
    return found


class Host:
    """with Host(files) as host: files is a folder with what lies in its /etc, or None."""

    def __init__(self, files=None):
        self.folder = Path(tempfile.mkdtemp(prefix="submilter-host-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.etc = self.folder / "etc"
        self.etc.mkdir()
        self.postfix = self.etc / "postfix"
        self.queue = self.folder / "queue"
        self.queue.mkdir()
        self.data = self.folder / "data"
        self.data.mkdir(mode=0o700)
        shutil.chown(self.data, "postfix", "postfix")
        self.config = self.etc / "submilter/submilter.conf"
        self.state = self.folder / "state"
        self.records = self.folder / "log/decisions.jsonl"
        self.history = self.folder / "lib/history.db"
        if files:
            self._copy(files)

    def _copy(self, files):
        shutil.copytree(files, self.etc, dirs_exist_ok=True)
        for path in self.etc.rglob("*"):
            if path.is_file():
                text = path.read_text("utf-8")
                path.write_text(text.replace("@FOLDER@/postfix", str(self.postfix))
                                .replace("@FOLDER@", str(self.folder)), "utf-8")

    def debian(self, settings, submission=False):
        """What Debian's package makes of the files that it ships; its commented services, too."""
        self.postfix.mkdir()
        main = (SHARE / "main.cf.debian").read_text()
        own = {"queue_directory": self.queue, "data_directory": self.data, **settings}
        main += "".join(f"{key} = {value}\n" for key, value in own.items())
        master = (SHARE / "master.cf.dist").read_text()
        if submission:
            master = re.sub(r"(?m)^#((submissions?)\s+inet.*(\n#  .*)*)",
                            lambda found: re.sub(r"(?m)^#(?!    )", "", found[0]), master)
        (self.postfix / "main.cf").write_text(main)
        (self.postfix / "master.cf").write_text(master)

    def settle(self):
        """Postfix's tools wait for files that are younger than two seconds."""
        for name in ("main.cf", "master.cf"):
            with contextlib.suppress(PermissionError, FileNotFoundError):  # a test has made it so
                os.utime(self.postfix / name, (1_000_000_000, 1_000_000_000))

    def command(self, *arguments):
        """What setup() runs."""
        return [str(word) for word in (
            program("ctl/submilterctl"), "-c", self.config, "setup", "postfix",
            "--postfix-config", self.postfix, "--state", self.state, "--records", self.records,
            "--history", self.history,
            "--user", USER, "--daemon", program("milter/submilter"), *arguments)]

    def setup(self, *arguments, check=(0, 2)):
        """The exit code and what was printed, as (code, text)."""
        self.settle()
        done = run(*self.command(*arguments), check=False)
        said = (done.stdout + done.stderr).decode()
        assert done.returncode in check, f"exit {done.returncode}:\n{said}"
        return done.returncode, said

    def plan(self, *arguments, check=(0, 2)):
        """The JSON object."""
        code, said = self.setup("--json", *arguments, check=check)
        found = json.loads(said)
        assert found["exit"] == code
        return found

    @property
    def backups(self):
        """The folder of this instance's backups."""
        [folder] = [path for path in self.state.iterdir() if path.is_dir()]
        return folder

    def conf(self):
        """submilter.conf as it was written."""
        return self.config.read_text("utf-8")

    def postconf(self, *arguments):
        self.settle()
        return run("/usr/sbin/postconf", "-c", self.postfix, *arguments).stdout.decode()

    def milters(self):
        """Each smtpd service's milters, and the non-SMTP ones, expanded."""
        found = {"non_smtpd": self.postconf("-xh", "non_smtpd_milters").strip()}
        common = self.postconf("-xh", "smtpd_milters").strip()
        for line in self.postconf("-M").splitlines():
            if line.split()[7] == "smtpd":
                found["/".join(line.split()[:2])] = common
        for line in self.postconf("-xP").splitlines():
            name, value = line.split("=", 1)
            service, option = name.strip().rsplit("/", 1)
            if option == "smtpd_milters":
                found[service] = value.strip()
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


def owner(path):
    status = os.stat(path)
    return pwd.getpwuid(status.st_uid).pw_name, grp.getgrgid(status.st_gid).gr_name, oct(status.st_mode & 0o7777)
