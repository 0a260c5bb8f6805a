"""Steps that break submilter itself: its daemon, socket, keys, log and host."""

import grp
import os
import pwd
import shutil
import signal
import socket
import threading
import time

from harness.process import run
from harness.submilter import USER
from harness.submission import Submission, submit
from harness.waiting import accepts, wait_until

OTHER_USER = "mail"  # another user that every system has

def without_keys(pattern):
    def provoke(site):
        for path in site.submilter.keys.glob(pattern):
            path.unlink()
        site.submilter.reload()

    return provoke


def chmod(path, mode):
    return lambda site: path(site).chmod(mode)


def socket_path(site):
    return site.submilter.address


def replaced_by_link(path):
    """As the daemon's user may do in its own folder; what was there goes on."""
    def provoke(site):
        path(site).rename(f"{path(site)}.aside")
        path(site).symlink_to(f"{path(site)}.aside")

    return provoke


def put_back(path):
    def mend(site):
        path(site).unlink()
        path(site).with_name(f"{path(site).name}.aside").rename(path(site))

    return mend


def ended(site):
    site.submilter.kill()
    site.submilter.address.unlink(missing_ok=True)


def other_server(answer):
    """Another program at submilter's socket: it takes connections, and says that."""

    def provoke(site):
        ended(site)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(site.submilter.address))
        shutil.chown(site.submilter.address, USER, "postfix")
        site.submilter.address.chmod(0o660)
        listener.listen(10)
        site.other = listener

        def serve():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(100)
                    peer.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()

    return provoke


def other_ends(site):
    site.other.shutdown(socket.SHUT_RDWR)
    site.other.close()
    site.submilter.address.unlink()
    site.submilter.start()


def frozen(site):
    site.submilter.server.send(signal.SIGSTOP)


def one_message(site):
    message = b"From: alice@example.com\r\n\r\nx\r\n"
    count = len(site.submilter.records.lines())
    assert submit(site, Submission(message=message)).accepted
    site.submilter.records.wait_count(count + 1)


def stale(site):
    """The file changed, and mail went through after that."""
    site.submilter.write_config(timeout=100)
    # Records tell whole seconds.
    changed = int(site.submilter.config.stat().st_ctime)
    wait_until(lambda: time.time() >= changed + 1, "the next second")
    one_message(site)


def nobodys_child(site):
    """As an admin starts it: whoever ends it need not wait until the tests have noticed."""
    ended(site)
    run(*site.submilter.command("-c", site.submilter.config))
    wait_until(lambda: accepts(str(site.submilter.address)), "submilter to listen")


def few_descriptors(site):
    ended(site)
    run("prlimit", "--nofile=1000:1000", *site.submilter.command("-c", site.submilter.config))


def expectations(site):
    return site.folder / "expectations"


def expected(line):
    """The configuration names a file with this line."""

    def provoke(site):
        expectations(site).write_text(line + "\n", "utf-8")
        site.submilter.write_config(expectations=[expectations(site)])

    return provoke


def table(site):
    site.submilter.senders.chmod(0o600)


def in_conf_d(site):
    """A file there that a group may write."""
    folder = site.submilter.config.parent / "conf.d"
    folder.mkdir(mode=0o755, exist_ok=True)
    path = folder / "more.conf"
    path.write_text("timeout = 300;\n")
    path.chmod(0o664)


def runs_as_another(site):
    """As a unit with another User= starts it: the keys it may read by its group."""
    ended(site)
    for folder in (site.submilter.logs, site.submilter.address.parent):
        folder.chmod(0o2770)
    own, other = pwd.getpwnam(USER), pwd.getpwnam(OTHER_USER)
    run("setpriv", f"--reuid={other.pw_uid}", f"--regid={own.pw_gid}", f"--groups={grp.getgrnam('postfix').gr_gid}",
        *site.submilter.command("-c", site.submilter.config))
    wait_until(lambda: accepts(str(site.submilter.address)), "submilter to listen")


def small_disk(options):
    """Where the records are: a file system of its own, of that size, as the doctor sees it."""

    def provoke(site):
        uid = site.submilter.logs.stat().st_uid
        site.mounts = [["mount", "-t", "tmpfs", "-o", f"uid={uid},mode=755,{options}", "tmpfs", site.submilter.logs]]

    return provoke


def small_queue(options):
    def provoke(site):
        site.mounts = [["mount", "-t", "tmpfs", "-o", options, "tmpfs", site.postfix.queue]]

    return provoke


def roll_key_over(site):
    """What keys.old says, but for the wait."""
    old = site.submilter.keys / "example.org" / "s1.pem"
    site.submilter.ctl("key", "new", "example.org", "--type", "rsa")
    site.submilter.reload()
    old.rename(old.with_suffix(".pem.retired"))
    site.submilter.reload()
