"""Putting what was written on the device, as src/store/sync.rs does it."""

import ctypes
import os
import time


def sync(folder):
    """All of the file system that `folder` lies in: nobody keeps a list of so many files."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        if syncfs is None:  # not Linux
            os.sync()
        elif syncfs(descriptor) != 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), folder)
    finally:
        os.close(descriptor)


def settle(folder):
    """As `sync`, and waits until the system has little left to write, at most two seconds."""
    sync(folder)
    deadline = time.monotonic() + 2
    while unwritten_kib() > 1024 and time.monotonic() < deadline:
        time.sleep(0.002)


def unwritten_kib():
    """Dirty and being written back, in the whole system; 0 where the system does not say."""
    try:
        with open("/proc/meminfo") as lines:
            fields = dict(line.split(":", 1) for line in lines)
    except OSError:
        return 0
    return sum(int(fields[name].split()[0]) for name in ("Dirty", "Writeback"))
