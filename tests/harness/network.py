"""A network of one's own: only a loopback, on which every port is free."""

import ctypes
import fcntl
import os
import socket
import struct
import threading

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def _enter():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network of its own: " + os.strerror(ctypes.get_errno()))
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def in_own_network(work):
    """Runs work() in a thread that has its own network, as have the programs and threads that it
    starts; gives back what it gave back, or raises what it raised."""
    result = []

    def run():
        try:
            _enter()
            result.append((work(), None))
        except BaseException as problem:  # pylint: disable=broad-except
            result.append((None, problem))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    value, problem = result[0]
    if problem:
        raise problem
    return value
