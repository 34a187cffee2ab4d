"""Files that stay in memory, as in src/measure/warm.rs: for what a peer has made of a store. (Stores are held by shelfmark.)"""

import ctypes
import mmap
import os


def hold(folder):
    """Brings the files in `folder` into memory in order, and locks them there until this process ends, where it may."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            os.fsync(file)
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while file.read(256 << 10):
                pass
            lock(file.fileno(), os.path.getsize(path))


def lock(descriptor, length):
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.mlock.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    address = libc.mmap(None, length, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
    if address != ctypes.c_void_p(-1).value:
        libc.mlock(address, length)  # where that is refused the file is merely in memory
