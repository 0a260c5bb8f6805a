"""A host on which Sendmail is installed, as its own programs and submilterctl see it.

Its packages (build-aux/unpack-packages) lie over /usr, /etc and /var in namespaces of their own: nothing of
the host itself is written. What ends the first process there ends all. The network is its own too, so that
Sendmail has ports 25, 465 and 587 of 127.0.0.1 to itself.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from .build import TOP, program
from .process import run
from .waiting import PATIENCE, wait_until

TREE = TOP / "build/sendmail"
HOST = "mail.example.com"
PROGRAM = "/usr/sbin/sendmail"
OVER = ("usr", "etc", "var")
# $1: our folder, $2: the packages.
BEGIN = f"""\
set -e
for name in {' '.join(OVER)}; do
    mount -t overlay overlay -o lowerdir="$2/$name:/$name,upperdir=$1/$name,workdir=$1/work-$name" /$name
done
mount -t tmpfs -o mode=755 tmpfs /run
mount -t proc proc /proc
echo ready
exec sleep infinity
"""
USERS = "smmta:x:990:990::/nonexistent:/usr/sbin/nologin\nsmmsp:x:991:990::/nonexistent:/usr/sbin/nologin\n"
LOOPBACK_UP = """\
import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 1))
"""


class SendmailHost:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="submilter-host-", dir="/tmp"))
        self.folder.chmod(0o755)
        for name in OVER:
            (self.folder / name).mkdir(mode=0o755)
            (self.folder / f"work-{name}").mkdir()
        self.first = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--mount", "--net", "--pid", "--fork",
             "--kill-child", "--", "sh", "-c", BEGIN, "sh", self.folder, self._tree()],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        said = self.first.stdout.readline()
        if said != b"ready\n":
            self.first.kill()
            raise AssertionError(self.first.communicate()[1].decode(errors="replace"))
        children = Path(f"/proc/{self.first.pid}/task/{self.first.pid}/children").read_text()
        self.pid = children.split()[0]
        self.root = Path(f"/proc/{self.pid}/root")
        try:
            self.run("python3", "-c", LOOPBACK_UP)
            self._prepare()
        except BaseException:
            self.stop()
            raise

    def _tree(self):
        """What lies over the host's own folders."""
        assert (TREE / "etc/mail").exists(), f"{TREE} is not there: run build-aux/unpack-packages first"
        return TREE

    def _prepare(self):
        self.shell(f"ln -sf ../libexec/sendmail/sendmail {PROGRAM}")
        name = socket.gethostname()
        self.write("/etc/hosts", f"127.0.0.1 localhost\n127.0.0.2 {HOST} {name}\n")
        self.write("/etc/resolv.conf", "")
        with open(self.path("/etc/passwd"), "a", encoding="utf-8") as passwd:
            passwd.write(USERS)
        with open(self.path("/etc/group"), "a", encoding="utf-8") as group:
            group.write("smmsp:x:990:\n")
        for folder in ("/var/lib/sendmail/host_status", "/var/spool/mqueue", "/run/sendmail/mta", "/etc/mail/m4"):
            self.path(folder).mkdir(parents=True, exist_ok=True)
        for name in ("m4/dialup.m4", "m4/provider.m4", "local-host-names"):
            self.write(f"/etc/mail/{name}", "")
        self.write("/etc/mail/service.switch", "hosts files\naliases files\npasswd files\n")
        self.run("makemap", "-C", "/dev/null", "hash", "/etc/mail/access", data=b"")
        self.write("/etc/mail/aliases", "root: postmaster\n")
        self.path("/usr/share/sendmail-cf").symlink_to("sendmail/cf")  # where Red Hat has it

    def path(self, inside):
        return self.root / inside.lstrip("/")

    def read(self, inside):
        return self.path(inside).read_text()

    def write(self, inside, text):
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *command, data=None, check=True):
        """A command on that host; it finds our programs in its PATH."""
        folders = [str(program(name).parent) for name in ("ctl/submilterctl", "milter/submilter")]
        path = ":".join([*folders, "/usr/libexec/sendmail", "/usr/sbin", "/usr/bin", "/sbin", "/bin"])
        return run("nsenter", "-t", self.pid, "-m", "-n", "-p", "--", *command, data=data, check=check,
                   env={"PATH": path})

    def shell(self, line, check=True):
        return self.run("sh", "-c", line, check=check)

    def build(self, mc="/etc/mail/sendmail.mc", cf="/etc/mail/sendmail.cf"):
        self.shell(f"m4 {mc} >{cf}")

    def submilterctl(self, *arguments):
        return self.run("submilterctl", *arguments, check=False)

    def setup(self, *arguments):
        return self.submilterctl("setup", "sendmail", "--daemon", str(program("milter/submilter")), "--user",
                                 "nobody", *arguments)

    def doctor(self, *arguments):
        """Its findings by id."""
        done = self.submilterctl("doctor", "--mta", "sendmail", "--json", *arguments)
        findings = {}
        for finding in json.loads(done.stdout)["findings"]:
            findings.setdefault(finding["id"], []).append(finding)
        return findings

    def state(self, folder):
        """Everything below a folder: names, modes, owners, contents."""
        found = {}
        for path in sorted(self.path(folder).rglob("*")):
            status = path.lstat()
            content = path.read_bytes() if path.is_file() else None
            found[str(path.relative_to(self.root))] = (status.st_mode, status.st_uid, status.st_gid, content)
        return found

    def start_sendmail(self):
        self.run(PROGRAM, "-bd")
        wait_until(self.answers, "Sendmail answers at port 25")

    def sendmail_pid(self):
        try:
            return self.read("/run/sendmail/mta/sendmail.pid").split("\n")[0]
        except FileNotFoundError:
            return None

    def answers(self):
        done = self.run("python3", "-c", "import smtplib; smtplib.SMTP('127.0.0.1', 25, timeout=5).quit()", check=False)
        return done.returncode == 0

    def smtp(self, *commands):
        """The replies' codes to commands in one session."""
        script = ("import smtplib, sys\nc = smtplib.SMTP('127.0.0.1', 25, timeout=%d)\n"
                  "for command in sys.argv[1:]: print(c.docmd(command)[0])\n" % PATIENCE)
        return self.run("python3", "-c", script, *commands).stdout.decode().split()

    def stop(self):
        self.first.kill()
        self.first.communicate()
        if "SUBMILTER_KEEP_FOLDER" not in os.environ:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
