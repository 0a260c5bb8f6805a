"""A /dev of a program's own, where /dev/log is another socket: the machine's syslogd never hears of it. Needs root."""

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
WITH_OWN_LOG = f"""\
set -e
for device in {' '.join(DEVICES)}; do mount --bind /dev/$device "$1/$device"; done
mount --rbind "$1" /dev
shift
exec "$@"
"""


def own_devices(folder):
    """Makes the folder; what it is to be at /dev/log is put there as "log". Returns it."""
    folder.mkdir()
    for name in DEVICES:
        (folder / name).touch()
    return folder


def with_own_log(devices):
    """What a command is run by."""
    return ["unshare", "--mount", "--", "sh", "-c", WITH_OWN_LOG, "sh", str(devices)]
