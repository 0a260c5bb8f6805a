"""A site that the doctor finds nothing wrong with, and ways to break it and to put it back."""

import json
import os
import pwd
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

from harness import keys
from harness.guarded_site import GuardedSite
from harness.build import program
from harness.postfix import Service
from harness.process import Server, run
from harness.submilter import USER

CLOCK_STATES = {"synchronised": 0, "unsynchronised": 5}  # TIME_OK, TIME_ERROR
# Nothing here can make the kernel's own clock synchronised, or not.
ACCEPT_CLOCK = ("--accept", "host.clock")
OFF_WIRE = {"smtpd_tls_auth_only": "yes"}
SERVICES = (
    ("mx", {"smtpd_sasl_auth_enable": "no"}, False),
    ("submission", {**OFF_WIRE, "smtpd_tls_security_level": "encrypt"}, False),
    ("smtps", {**OFF_WIRE, "smtpd_tls_wrappermode": "yes"}, True),
)
# What an admin who follows Postfix's and submilter's manuals has.
MAIN_CF = {
    "mynetworks": "127.0.0.0/8",
    "myorigin": "example.com",
    "smtpd_tls_auth_only": "yes",
    "smtpd_sasl_mechanism_filter": "!cram-md5, !external, static:rest",
    "smtpd_relay_restrictions": "permit_mynetworks, permit_sasl_authenticated, reject",
    "smtpd_forbid_bare_newline": "yes",
    "smtpd_forbid_unauth_pipelining": "yes",
    "disable_mime_output_conversion": "yes",
    "internal_mail_filter_classes": "bounce",
}


def children_of(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


class DoctorSite(GuardedSite):
    def __init__(self):
        super().__init__([Service(name, dict(options), chroot) for name, options, chroot in SERVICES])
        self.renew_certificate(60)
        self.write_postconf()
        self.postconf("-e", *[f"{name} = {value}" for name, value in MAIN_CF.items()])
        self.submilter.write_config()
        self.etc = None  # what the doctor sees as /etc
        self.mounts = []  # commands, run where only the doctor and its commands see what they mount
        self.beside = None  # a process that runs beside the doctor, in namespaces of its own
        self.user = None  # who runs the doctor; None: root
        self.wrapper = ()  # what else the doctor is run by
        self.clock = None  # what the kernel says of its clock; None: let it say, and accept it

    def write_postconf(self):
        """Postfix's own. What it has written is not left fresh: for two seconds every program of Postfix's
        would wait for such a file to cool down."""
        self.programs = self.folder / "bin"
        self.programs.mkdir()
        own = self.programs / "postconf"
        files = " ".join(str(self.postfix.config / name) for name in ("main.cf", "master.cf"))
        own.write_text(f"#!/bin/sh\n/usr/sbin/postconf \"$@\"\nstatus=$?\ntouch -d '1 minute ago' {files}\nexit $status\n")
        own.chmod(0o755)

    def renew_certificate(self, days):
        tls = self.certificates
        folder = tls.cert.parent
        run("openssl", "x509", "-req", "-days", str(days), "-in", folder / "server.csr", "-CA", tls.ca,
            "-CAkey", folder / "ca.key", "-CAcreateserial", "-extfile", folder / "server.ext", "-out", tls.cert)

    def postconf(self, *arguments):
        run(self.programs / "postconf", "-c", self.postfix.config, *arguments)

    def postfix_command(self, *arguments):
        run("/usr/sbin/postfix", "-c", self.postfix.config, *arguments)

    def service(self, name):
        """As postconf -P names it."""
        return f"127.0.0.1:{self.postfix.port(name)}/inet"

    @property
    def milter(self):
        """submilter's entry, as main.cf has it."""
        return "unix:submilter/submilter.sock"

    def environment(self):
        """Where the commands of findings find ours."""
        folders = [str(Path(program(name)).parent) for name in ("milter/submilter", "ctl/submilterctl")]
        return {**os.environ, "PATH": ":".join([str(self.programs), *folders, "/usr/sbin", "/usr/bin", "/sbin", "/bin"])}

    def private_etc(self):
        """A copy of /etc that only the doctor and its commands see."""
        if not self.etc:
            self.etc = self.folder / "host-etc"
            run("cp", "-a", "/etc", self.etc)
        return self.etc

    def inside(self, *command):
        """Runs it as the doctor is run; waits for its end."""
        return subprocess.run(self.placed(command), capture_output=True, env=self.environment(), timeout=120,
                              check=False, stdin=subprocess.DEVNULL)

    def run_beside(self, *command):
        """A server of the host's that the doctor and its commands see, until heal()."""
        self.beside = Server("beside", self.placed(command), self.folder / "beside.log", self.environment())
        return self.beside

    def placed(self, command):
        """The command with the private /etc in the place of the host's, where there is one: no process of the
        host's can be signalled from there then. And with the mounts of its own."""
        if self.beside:
            return ["nsenter", "-t", children_of(self.beside.process.pid)[0], "-m", "-p", "--", *command]
        mounts = [*([["mount", "--bind", self.etc, "/etc"]] if self.etc else []), *self.mounts]
        if mounts:
            line = " && ".join([*[shlex.join(map(str, each)) for each in mounts], 'exec "$@"'])
            processes = ["-p", "-f", "--mount-proc"] if self.etc else []
            return ["unshare", "-m", *processes, "--kill-child", "sh", "-c", line, "sh", *command]
        return command

    def doctor(self, *arguments):
        """The exit status and the findings."""
        done = self.inside(*self.wrapper, *self.user_change(), *self.kernel(), program("ctl/submilterctl"), "-c",
                           self.submilter.config, "doctor", "--json", "--postfix-config", self.postfix.config, *([] if self.clock else ACCEPT_CLOCK), *arguments)
        assert done.returncode in (0, 1, 69, 77), done
        found = json.loads(done.stdout)
        return done.returncode, found["findings"]

    def as_user(self, name):
        """The doctor is no longer run by root."""
        self.user = name

    def user_change(self):
        if not self.user:
            return []
        entry = pwd.getpwnam(self.user)
        return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]

    def clock_says(self, state):
        self.clock = state

    def kernel(self):
        """The kernel's answer about its clock, where a test decides it."""
        if not self.clock:
            return []
        answer = CLOCK_STATES[self.clock]
        return ["env", "ASAN_OPTIONS=detect_leaks=0", "strace", "-o", "/dev/null", "-e", "trace=adjtimex,clock_adjtime",
                "-e", f"inject=adjtimex,clock_adjtime:retval={answer}"]

    def findings(self, wanted, *arguments):
        return [each for each in self.doctor(*arguments)[1] if each["id"] == wanted]

    def follow(self, command):
        """Runs what a finding says, as an admin would paste it."""
        done = self.inside("sh", "-c", command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)

    def save(self):
        """All that a test may break."""
        self.saved = self.folder / "saved"
        shutil.rmtree(self.saved, ignore_errors=True)
        self.saved.mkdir()
        for name, path in self._parts().items():
            run("cp", "-a", path, self.saved / name)

    def restore(self):
        for name, path in self._parts().items():
            if path.is_dir():
                shutil.rmtree(path)
                run("cp", "-a", self.saved / name, path)
            else:
                # In one step: a service of Postfix's that starts without main.cf is held back for a minute.
                new = path.with_suffix(".new")
                run("cp", "-a", self.saved / name, new)
                new.replace(path)
        if self.beside:
            # unshare's --kill-child is lost on a server that changes its user.
            for child in children_of(self.beside.process.pid):
                os.kill(int(child), signal.SIGKILL)
            self.beside.stop(signal.SIGKILL)
            self.beside = None
        if self.etc:
            shutil.rmtree(self.etc)
        self.etc = self.clock = self.user = None
        self.wrapper = ()
        self.mounts = []

    def heal(self):
        """As it was: files, Postfix, and a daemon of ours that runs."""
        self.restore()
        self.submilter.address.parent.chmod(0o2750)
        self.submilter.logs.chmod(0o755)
        for path in self.submilter.logs.iterdir():
            shutil.chown(path, USER)
        self.postfix_command("reload")
        daemon = self.submilter.server
        if daemon and daemon.running():
            daemon.send(signal.SIGCONT)
            self.submilter.reload()
        else:
            self.end_other_daemons()
            self.submilter.address.unlink(missing_ok=True)
            self.submilter.start()

    def end_other_daemons(self):
        """What a mend started has our configuration, and is nobody's child."""
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if Path(os.fsdecode(words[0])).name == "submilter" and os.fsencode(self.submilter.config) in words:
                os.kill(int(entry.name), signal.SIGKILL)

    def _parts(self):
        return {
            "main.cf": self.postfix.config / "main.cf",
            "master.cf": self.postfix.config / "master.cf",
            "submilter.conf": self.submilter.config,
            "senders": self.submilter.senders,
            "keys": self.submilter.keys,
            "server.pem": self.certificates.cert,
        }
