"""Runs a command under the restrictions of a systemd service unit, without systemd.

    confined.py --unit FILE [--unit DROP-IN]... --user USER [--path UNITPATH=PATH]... [--keep PATH]... -- COMMAND...

--user: who is in the place of the unit's user; where a drop-in says root, root it is. The unit file itself is read, so that what is tried is what is shipped; a setting that is not known here is an
error. --path: where a path of the unit (ReadWritePaths=, RuntimeDirectory=...) lies for this run. --keep: what
has to be seen, read only, although it lies below a folder that the unit hides, such as /tmp.

What can't be tried without a running systemd: CANNOT says why. Needs root.
"""

import argparse
import ctypes
import errno
import os
import pwd
import re
import resource
import stat
import subprocess
import sys
from pathlib import Path

import seccomp

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import unit_file  # noqa: E402

CANNOT = {
    "IPAddressDeny": "a BPF program of the control group",
    "IPAddressAllow": "a BPF program of the control group",
    "TasksMax": "a limit of the control group",
    "PrivateMounts": "every mount here is made in a namespace of its own",
    "KeyringMode": "there is no session keyring here",
    "RemoveIPC": "what logind does when the user has gone",
    "ProtectHostname": "the calls are not in @system-service",
    "ProtectKernelModules": "the calls are not in @system-service",
    "ProtectKernelLogs": "the calls are not in @system-service",
}
# What starts, watches and ends the service, and does not confine it.
LIFE = {"Type", "NotifyAccess", "ExecStart", "ExecReload", "Restart", "RestartSec", "RestartPreventExitStatus",
        "TimeoutStartSec", "TimeoutStopSec", "WatchdogSec", "User", "Group", "RuntimeDirectoryPreserve"}

LIBC = ctypes.CDLL(None, use_errno=True)
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 1 << 18
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
NAMESPACES = 0x7E020000  # all of CLONE_NEW*
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, RDONLY = 442, -100, 0x8000, 1
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
MOST_FAMILIES = 46
CAPABILITIES = {"CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7}


def call(name, *arguments):
    if getattr(LIBC, name)(*arguments) < 0:
        number = ctypes.get_errno()
        shown = [getattr(argument, "value", argument) for argument in arguments]
        raise OSError(number, f"{name}{shown}: {os.strerror(number)}")


def mount(source, target, kind=None, flags=0, options=None):
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind, options)]
    call("mount", texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])


def set_read_only(path, wanted, recursive=True):
    attributes = (ctypes.c_uint64 * 4)(RDONLY if wanted else 0, 0 if wanted else RDONLY, 0, 0)
    call("syscall", ctypes.c_long(MOUNT_SETATTR), ctypes.c_long(AT_FDCWD), ctypes.c_char_p(os.fsencode(path)),
         ctypes.c_long(AT_RECURSIVE if recursive else 0), ctypes.byref(attributes), ctypes.c_size_t(32))


class FileSystem:
    """What the service sees of it. paths: those of the unit -> those of this run."""

    def __init__(self, settings, paths, keep):
        self.settings = settings
        self.paths = paths
        self.writable = [path for path in self._writable() if os.path.isdir(path)]
        self.seen = sorted({*keep, *self.writable})  # a folder before what is in it

    def _writable(self):
        for value in self.all("ReadWritePaths"):
            for path in value.split():
                yield self.paths.get(path.lstrip("-"), path.lstrip("-"))
        for name in self.all("RuntimeDirectory"):
            yield self.paths.get(f"/run/{name}", f"/run/{name}")

    def all(self, name):
        return [value for one, value in self.settings if one == name]

    def is_on(self, name, *values):
        return any(value in (values or ("yes",)) for value in self.all(name))

    def confine(self):
        call("unshare", CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC)
        mount(None, "/", None, MS_REC | MS_PRIVATE)
        held = {path: os.open(path, os.O_PATH) for path in self.seen}
        devices = {f"/dev/{name}": os.open(f"/dev/{name}", os.O_PATH)
                   for name in ("null", "zero", "full", "random", "urandom", "tty", "log")
                   if os.path.exists(f"/dev/{name}")}
        if self.is_on("PrivateTmp"):
            self._hide("/tmp", "mode=1777")
            self._hide("/var/tmp", "mode=1777")
        if self.is_on("ProtectHome"):
            for path in ("/home", "/root", "/run/user"):
                if os.path.isdir(path):
                    self._hide(path, "mode=0755")
        for path, descriptor in held.items():
            if not os.path.isdir(path):
                os.makedirs(path)
            mount(f"/proc/self/fd/{descriptor}", path, None, MS_BIND)
        if self.is_on("ProtectSystem", "strict"):
            set_read_only("/", True)
            for path in ("/dev", "/proc", "/sys", *self.writable, *self._tmp()):
                set_read_only(path, False)
            for path in self.seen:
                set_read_only(path, path not in self.writable)
        if self.is_on("PrivateDevices"):
            self._hide("/dev", "mode=0755")
            for path, descriptor in devices.items():
                Path(path).touch()
                mount(f"/proc/self/fd/{descriptor}", path, None, MS_BIND)
            set_read_only("/dev", True, recursive=False)
        if self.is_on("ProtectKernelTunables") and self.is_on("ProtectControlGroups"):
            set_read_only("/sys", True)
        for descriptor in (*held.values(), *devices.values()):
            os.close(descriptor)
        options = [*("hidepid=invisible" for _ in self.all("ProtectProc")),
                   *("subset=pid" for _ in self.all("ProcSubset"))]
        mount("proc", "/proc", "proc", 0, ",".join(options))

    def _tmp(self):
        return ("/tmp", "/var/tmp") if self.is_on("PrivateTmp") else ()

    @staticmethod
    def _hide(path, options):
        mount("tmpfs", path, "tmpfs", 0, options)


def calls_of(group):
    """The calls of one of systemd's groups, its subgroups' too."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", group], check=True, capture_output=True,
                          text=True).stdout
    names = [line.strip() for line in text.splitlines()[1:] if line.startswith("    ") and "#" not in line]
    assert names, group
    return {one for name in names for one in (calls_of(name) if name.startswith("@") else [name])}


def allowed_calls(values):
    """SystemCallFilter=: a list of what may be called, then of what may not after all."""
    allowed = set()
    for value in values:
        names = value.lstrip("~").split()
        calls = {one for name in names for one in (calls_of(name) if name.startswith("@") else [name])}
        allowed = allowed - calls if value.startswith("~") else allowed | calls
    return allowed


def add(rules, action, name, *arguments):
    try:
        rules.add_rule(action, name, *arguments)
    except (OSError, RuntimeError, ValueError):
        pass  # a call that this architecture does not have


class Calls:
    """The filters for system calls, from the same settings."""

    def __init__(self, settings):
        self.settings = settings
        self.refuse = seccomp.ERRNO(errno.EPERM)
        self.filters = []
        self.last = None
        for name in dict.fromkeys(name for name, _ in settings):
            build = getattr(self, "filter_" + name, None)
            if build:
                build([value for one, value in settings if one == name])

    def load(self):
        for rules in (*self.filters, self.last):
            rules.load()

    def _all_but(self):
        self.filters.append(seccomp.SyscallFilter(seccomp.ALLOW))
        return self.filters[-1]

    def filter_SystemCallFilter(self, values):
        number = getattr(errno, dict(self.settings)["SystemCallErrorNumber"])
        rules = seccomp.SyscallFilter(seccomp.ERRNO(number))
        for name in sorted(allowed_calls(values)):
            add(rules, seccomp.ALLOW, name)
        self.last = rules  # once it holds, no other one can be loaded

    def filter_RestrictAddressFamilies(self, values):
        rules = self._all_but()
        allowed = {FAMILIES[name] for name in values[0].split()}
        refuse = seccomp.ERRNO(errno.EAFNOSUPPORT)
        for family in set(range(MOST_FAMILIES)) - allowed:
            add(rules, refuse, "socket", seccomp.Arg(0, seccomp.EQ, family))
        add(rules, refuse, "socket", seccomp.Arg(0, seccomp.GE, MOST_FAMILIES))

    def filter_MemoryDenyWriteExecute(self, _):
        rules = self._all_but()
        add(rules, self.refuse, "mmap", seccomp.Arg(2, seccomp.MASKED_EQ, 6, 6))
        for name in ("mprotect", "pkey_mprotect"):
            add(rules, self.refuse, name, seccomp.Arg(2, seccomp.MASKED_EQ, 4, 4))
        add(rules, self.refuse, "shmat", seccomp.Arg(2, seccomp.MASKED_EQ, 0o100000, 0o100000))

    def filter_RestrictRealtime(self, _):
        rules = self._all_but()
        for policy in (os.SCHED_FIFO, os.SCHED_RR, 6):
            add(rules, self.refuse, "sched_setscheduler", seccomp.Arg(1, seccomp.EQ, policy))

    def filter_RestrictNamespaces(self, _):
        rules = self._all_but()
        for bit in (1 << number for number in range(32)):
            if bit & NAMESPACES:
                add(rules, self.refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, bit, bit))
                add(rules, self.refuse, "unshare", seccomp.Arg(0, seccomp.MASKED_EQ, bit, bit))
        add(rules, seccomp.ERRNO(errno.ENOSYS), "clone3")
        add(rules, self.refuse, "setns")

    def filter_RestrictSUIDSGID(self, _):
        rules = self._all_but()
        modes = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "mkdir": 1, "mkdirat": 2, "mknod": 1, "mknodat": 2,
                 "creat": 1}
        for bit in (stat.S_ISUID, stat.S_ISGID):
            for name, number in modes.items():
                add(rules, self.refuse, name, seccomp.Arg(number, seccomp.MASKED_EQ, bit, bit))
            for name, number in {"open": 1, "openat": 2}.items():
                add(rules, self.refuse, name, seccomp.Arg(number, seccomp.MASKED_EQ, os.O_CREAT, os.O_CREAT),
                    seccomp.Arg(number + 1, seccomp.MASKED_EQ, bit, bit))

    def filter_LockPersonality(self, _):
        add(self._all_but(), self.refuse, "personality", seccomp.Arg(0, seccomp.NE, 0))

    def filter_ProtectClock(self, _):
        rules = self._all_but()
        for name in calls_of("@clock"):
            add(rules, self.refuse, name)

    def filter_SystemCallArchitectures(self, values):
        assert values == ["native"], values  # libseccomp kills for every other one


def drop_rights(settings, user):
    """To the user; root keeps the bounding set's capabilities, once the command is executed."""
    assert settings["AmbientCapabilities"] == ""
    kept = {CAPABILITIES[name] for name in settings["CapabilityBoundingSet"].split()}
    for capability in set(range(64)) - kept:
        LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    if settings["User"] != "root":
        assert not kept
        entry = pwd.getpwnam(user)
        os.initgroups(user, entry.pw_gid)
        os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
        os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    if settings["NoNewPrivileges"] == "yes":
        call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def set_limits(settings):
    os.umask(int(settings["UMask"], 8))
    for name, value in settings.items():
        if name.startswith("Limit"):
            number = getattr(resource, "RLIMIT_" + name[len("Limit"):])
            most = resource.getrlimit(number)[1]  # a container's root may not raise it
            wanted = int(value) if most == resource.RLIM_INFINITY else min(int(value), most)
            resource.setrlimit(number, (wanted, wanted))


def check_known(settings):
    """So that a setting that is added to the unit is thought of here."""
    known = LIFE | set(CANNOT) | {name[len("filter_"):] for name in dir(Calls) if name.startswith("filter_")}
    known |= set(re.findall(r'"([A-Z]\w+)"', Path(__file__).read_text("utf-8")))
    unknown = {name for name, _ in settings if name not in known and not name.startswith("Limit")}
    assert not unknown, f"how is {sorted(unknown)} to be tried?"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--unit", type=Path, action="append", required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("--path", action="append", default=[])
    parser.add_argument("--keep", action="append", default=[])
    parser.add_argument("command", nargs="+")
    asked = parser.parse_args()
    settings = unit_file.merged(asked.unit, "Service")
    check_known(settings)
    calls = Calls(settings)
    FileSystem(settings, dict(path.split("=", 1) for path in asked.path), asked.keep).confine()
    set_limits(dict(settings))
    drop_rights(dict(settings), asked.user)
    calls.load()
    os.execv(asked.command[0], asked.command)


if __name__ == "__main__":
    main()
