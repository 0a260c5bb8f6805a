"""Where alerts end: a program of an admin's that keeps what it was told, and a web server that does."""

import http.server
import json
import shlex
import ssl
import threading

from .submilter import parse_record
from .waiting import PATIENCE, wait_until

# What it is told goes into a file of its own, under its name only once it is whole.
PROGRAM = """\
#!/bin/sh
folder={folder}
here=$(mktemp "$folder/part.XXXXXX") || exit
printf '%s\\n' "$@" >"$here.words"
cat >"$here"
{then}
mv "$here" "$folder/alert.$(date +%s.%N).$$"
"""


class Told:
    """The program. folder: where it may write and the daemon may read. then: what else it does."""

    def __init__(self, folder, then=""):
        self.folder = folder
        self.program = folder / "tell"
        self.write(then)

    def write(self, then=""):
        self.program.write_text(PROGRAM.format(folder=shlex.quote(str(self.folder)), then=then), "utf-8")
        self.program.chmod(0o755)

    def begun(self):
        """How many runs there were, ended or not."""
        return len(list(self.folder.glob("part.*.words")))

    def words(self):
        return [path.read_text("utf-8").splitlines() for path in self.folder.glob("part.*.words")]

    def all(self):
        paths = sorted(self.folder.glob("alert.*"), key=lambda path: path.stat().st_mtime_ns)
        return [parse_record(path.read_bytes()) for path in paths]

    def wait(self, count=1, explain=lambda: ""):
        """All alerts, once there are so many."""
        wait_until(lambda: len(self.all()) >= count, f"{count} alerts", PATIENCE, explain)
        alerts = self.all()
        assert len(alerts) == count, alerts
        return alerts

    def wait_for(self, is_it, explain=lambda: ""):
        """Until there is one that it is true of."""
        wait_until(lambda: any(map(is_it, self.all())), "the alert", PATIENCE, explain)


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        hook = self.server.hook
        data = self.rfile.read(int(self.headers["Content-Length"]))
        hook.requests.append((self.path, dict(self.headers), json.loads(data)))
        status = hook.statuses.pop(0) if hook.statuses else 204
        if status is None:
            hook.ended.wait()
            return
        self.send_response(status)
        if status in (301, 302, 307, 308):
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that did not like our certificate


class Webhook:
    """statuses: what the first requests are answered; None: never. Then 204."""

    def __init__(self, statuses=(), certificates=None):
        self.statuses = list(statuses)
        self.requests = []
        self.ended = threading.Event()
        self.listener = _Listener(("127.0.0.1", 0), _Handler)
        self.listener.hook = self
        scheme = "http"
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates.cert, certificates.key)
            self.listener.socket = context.wrap_socket(self.listener.socket, server_side=True,
                                                       do_handshake_on_connect=False)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self.listener.server_address[1]}/hook/secret-token"
        threading.Thread(target=self.listener.serve_forever, args=(0.05,), daemon=True).start()

    def wait(self, count=1, explain=lambda: ""):
        wait_until(lambda: len(self.requests) >= count, f"{count} requests", PATIENCE, explain)
        return self.requests

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.listener.shutdown()
        self.listener.server_close()
