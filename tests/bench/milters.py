"""The milters that are measured, each started on a folder of its own, foreground, and ended surely."""

import itertools
import shutil
import signal
import time
from pathlib import Path

from harness import libconfig
from harness.build import program
from harness.own_log import own_devices, with_own_log
from harness.process import Server, free_ports, run
from harness.submilter import NOT_RELOADED, RELOADED, USER
from harness.waiting import accepts

from bench_site import ALGORITHMS, DOMAIN, bench_program

_numbers = itertools.count()


class Milter:
    """kind: rsa, ed25519 or both. over: unix or inet. settings: more of it, where it has any."""

    name = ""
    adds = ()  # what the load client has to see added, besides signatures
    signs = True

    def __init__(self, site, kind="rsa", over="unix", **settings):
        self.site = site
        self.kind = kind
        self.settings = settings
        self.folder = Path(site.folder / f"{self.name}-{next(_numbers)}")
        self.folder.mkdir()
        self.server = None
        if over == "inet":
            self.port = free_ports(1)[0]
            self.socket = f"inet:{self.port}@127.0.0.1"
            self.address = ("127.0.0.1", self.port)
        else:
            self.port = None
            self.address = str(self.folder / "socket")
            self.socket = f"unix:{self.address}"

    def expected(self):
        """The load client's options: what has to come back."""
        signed = ["--signed", ",".join(ALGORITHMS[self.kind])] if self.signs else []
        return [*signed, *self.adds]

    def command(self):
        raise NotImplementedError

    def start(self):
        self.server = Server(self.name, self.command(), self.folder / "stderr")
        self.server.wait_ready(lambda: accepts(self.address), f"listens at {self.socket}")
        return self

    @property
    def pid(self):
        return self.server.process.pid

    def stop(self):
        if self.server:
            server, self.server = self.server, None
            server.stop()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Idle(Milter):
    name = "idle"
    adds = ("--adds", "X-Idle")
    signs = False

    def command(self):
        return [bench_program("idle_milter"), self.socket]


class Bare(Milter):
    name = "bare"

    def command(self):
        keys = [f"{selector}={path}" for selector, path in self.site.key_files(self.kind)]
        return [bench_program("bare_milter"), self.socket, DOMAIN, ",".join(self.site.signed),
                ",".join(self.site.oversigned), *keys]


class OpenDKIM(Milter):
    """It signs by one key a configuration."""

    name = "opendkim"

    def command(self):
        (selector, path), = self.site.key_files(self.kind)
        config = self.folder / "opendkim.conf"
        (self.folder / "hosts").write_text("0.0.0.0/0\n")
        config.write_text(f"""\
Mode s
Domain {DOMAIN}
Selector {selector}
KeyFile {path}
SignatureAlgorithm {ALGORITHMS[self.kind][0]}
Canonicalization relaxed/relaxed
SignHeaders {','.join(self.site.signed)}
OversignHeaders {','.join(self.site.oversigned)}
InternalHosts {self.folder / 'hosts'}
Socket {self.socket.replace('unix:', 'local:')}
Background no
Syslog no
RequireSafeKeys no
UMask 007
""")
        return ["/usr/sbin/opendkim", "-f", "-x", config]


class Rspamd(Milter):
    """Two workers, as many as the machine has processors, and no module but dkim_signing."""

    name = "rspamd"
    workers = 2

    def command(self):
        config = self.folder / "rspamd.conf"
        config.write_text(f"""\
options {{
  pidfile = "{self.folder}/pid"; temp_dir = "{self.folder}"; filters = "dkim";
  url_tld = "/usr/share/rspamd/effective_tld_names.dat";
  dns {{ nameserver = [ "127.0.0.1:1" ]; }}
}}
logging {{ type = "file"; filename = "{self.folder}/log"; level = "error"; }}
# Without it every text's language is guessed, which takes more than all else together.
lang_detection {{ languages = "{self.folder}/none"; }}
worker "rspamd_proxy" {{
  bind_socket = "{self._bound()}"; milter = yes; count = {self.workers}; timeout = 120s;
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
modules {{ path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }}
dkim_signing {{
  enabled = true; sign_authenticated = true; allow_username_mismatch = true;
  use_domain = "header"; use_esld = false; sign_headers = "{self._fields()}";
  domain {{ {DOMAIN} {{ selectors [ {', '.join(self._selectors())} ] }} }}
}}
""")
        return ["/usr/bin/rspamd", "-f", "-i", "-c", config]

    def _bound(self):
        return f"127.0.0.1:{self.port}" if self.port else f"{self.address} mode=0666"

    def _fields(self):
        """(o) has a field signed once more than it is there."""
        return ":".join(f"(o){name}" if name in self.site.oversigned else name for name in self.site.signed)

    def _selectors(self):
        for selector, path in self.site.key_files(self.kind):
            if selector == "ed25519":
                path = self.folder / "ed25519"
                path.write_text(self.site.raw_ed25519())
            yield f'{{ path = "{path}"; selector = "{selector}"; }}'


class Submilter(Milter):
    """The shipped policy: nothing is set but what has to be. Its records go to a file and to a /dev/log of its
    own. settings: keys (a folder), senders (tables), more (of the configuration), log (False: no syslog)."""

    name = "submilter"

    def __init__(self, *args, **settings):
        super().__init__(*args, **settings)
        self.config = self.folder / "submilter.conf"
        self.records = self.folder / "log" / "decisions.jsonl"
        self.devices = own_devices(self.folder / "dev")
        self.sink = None
        self.keys = self.settings.get("keys", self.site.keys[self.kind])
        self.folder.chmod(0o755)
        (self.folder / "log").mkdir()
        shutil.chown(self.folder / "log", USER)

    def configure(self):
        own = {
            "domains": [DOMAIN],
            "socket": self.socket,
            "socket_group": "",
            "user": USER,
            "dkim": {"keys": self.keys},
            "log": {"json": self.records},
        }
        if "senders" in self.settings:
            own["senders"] = {"tables": self.settings["senders"]}
        self.config.write_text(libconfig.settings(libconfig.merged(own, self.settings.get("more", {}))), "utf-8")

    def command(self):
        self.configure()
        run("chown", "-R", USER, self.keys)
        if not self.port:
            shutil.chown(self.folder, USER)
        return [*self._as_a_service(), *with_own_log(self.devices), program("milter/submilter"), "-f", "-c", self.config]

    def _as_a_service(self):
        """The service manager says so: what goes to syslog has not to go to standard error, too."""
        stderr = self.folder / "stderr"
        stderr.touch()
        status = stderr.stat()
        return ["env", f"JOURNAL_STREAM={status.st_dev}:{status.st_ino}"]

    def start(self):
        log = self.devices / "log"
        self.sink = Server("syslog_sink", [bench_program("syslog_sink"), log, self.folder / "syslog", "reload"],
                           self.folder / "sink")
        self.sink.wait_ready(log.exists, "stands at /dev/log")
        return super().start()

    def reload(self):
        """Seconds from USR1 until it says that it has reloaded."""
        log = self.folder / "syslog"
        before = log.stat().st_size
        began = time.monotonic()
        self.server.send(signal.SIGUSR1)

        def happened():
            said = log.read_text(errors="replace")[before:]
            assert NOT_RELOADED not in said, said
            return RELOADED in said

        self.server.wait_ready(happened, "reloads")
        return time.monotonic() - began

    def stop(self):
        super().stop()
        if self.sink:
            sink, self.sink = self.sink, None
            sink.stop()

    def syslog_lines(self):
        """How many came, once it has ended."""
        return int((self.folder / "sink").read_text())


ALL = (Submilter, OpenDKIM, Rspamd, Bare, Idle)
