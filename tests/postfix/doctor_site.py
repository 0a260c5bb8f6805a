"""A site that the doctor finds nothing wrong with, and ways to break it and to put it back."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

from harness import keys
from harness.guarded_site import GuardedSite
from harness.build import program
from harness.postfix import Service
from harness.process import run

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
    "smtpd_relay_restrictions": "permit_mynetworks, permit_sasl_authenticated, reject",
    "smtpd_forbid_bare_newline": "yes",
    "smtpd_forbid_unauth_pipelining": "yes",
    "disable_mime_output_conversion": "yes",
    "internal_mail_filter_classes": "bounce",
}


class DoctorSite(GuardedSite):
    def __init__(self):
        super().__init__([Service(name, dict(options), chroot) for name, options, chroot in SERVICES])
        self.renew_certificate(60)
        self.postconf("-e", *[f"{name} = {value}" for name, value in MAIN_CF.items()])
        self.submilter.write_config()
        self.etc = None

    def renew_certificate(self, days):
        tls = self.certificates
        folder = tls.cert.parent
        run("openssl", "x509", "-req", "-days", str(days), "-in", folder / "server.csr", "-CA", tls.ca,
            "-CAkey", folder / "ca.key", "-CAcreateserial", "-extfile", folder / "server.ext", "-out", tls.cert)

    def postconf(self, *arguments):
        run("postconf", "-c", self.postfix.config, *arguments)

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
        return {**os.environ, "PATH": ":".join([*folders, "/usr/sbin", "/usr/bin", "/sbin", "/bin"])}

    def private_etc(self):
        """A copy of /etc that only the doctor and its commands see."""
        if not self.etc:
            self.etc = self.folder / "host-etc"
            run("cp", "-a", "/etc", self.etc)
        return self.etc

    def inside(self, *command):
        """Runs it with the private /etc in the place of the host's, where there is one; no process of the
        host's can be signalled from there."""
        if self.etc:
            command = ("unshare", "-m", "-p", "-f", "--mount-proc", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', self.etc, *command)
        return subprocess.run(command, capture_output=True, env=self.environment(), timeout=120, check=False,
                              stdin=subprocess.DEVNULL)

    def doctor(self, *arguments):
        """The exit status and the findings."""
        done = self.inside(program("ctl/submilterctl"), "-c", self.submilter.config, "doctor", "--json",
                           "--postfix-config", self.postfix.config, *arguments)
        assert done.returncode in (0, 1, 69, 77), done
        found = json.loads(done.stdout)
        return done.returncode, found["findings"]

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
        if self.etc:
            shutil.rmtree(self.etc)
            self.etc = None

    def heal(self):
        """As it was: files, Postfix, and a daemon of ours that runs."""
        self.restore()
        self.submilter.address.parent.chmod(0o750)
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
