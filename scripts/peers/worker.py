"""What all peers share: the worker protocol, the clock, and the check of all that is delivered.

A peer is a program that reads a store as its users do, and is measured as shelfmark's own formats are. It is started
once, gets requests on standard input and answers on standard output, one JSON object a line (the protocol is described
in src/worker/protocol.rs). The clock runs while the store works and at no other time. All that was delivered is checked
outside: height, width, channels, label and pixels of every image.

A peer consists of a class like `Store` below and a call of `serve`.
"""

import json
import mmap
import os
import platform
import shutil
import sys
import time

import numpy as np
import xxhash

from counts import Counts
from held import hold
from order import Order
from synced import settle, sync

PROTOCOL = 1
SINGLE_READS_AT_ONCE = 64  # between two looks at the clock, as in src/workload/read.rs

clock = time.perf_counter_ns


class Unsupported(Exception):
    """The peer cannot do it, and why."""


class Mismatch(Exception):
    """What was delivered is not what was written."""


class Usage(Exception):
    """The request makes no sense."""


class Store:
    """A store, open for reading. Images are arrays of bytes, height x width x channels."""

    def __init__(self, path, shape):
        """Opens the store in the folder `path`; `shape` is that of all images, None where each has its own."""
        self.shape = shape

    @classmethod
    def prepare(cls, path, shape, images):
        """The folder to read: the store itself, or a temporary one beside it with the same images in another form."""
        return path

    def read(self, index):
        """One image and its label."""
        raise NotImplementedError

    def read_batch(self, indices):
        """Images and labels in the order asked for; the images as one array, if they are of one shape."""
        images, labels = zip(*[self.read(index) for index in indices])
        return (images if self.shape is None else np.stack(images)), labels

    def read_slice(self, start, stop):
        """As `read_batch`, for consecutive images."""
        return self.read_batch(range(start, stop))

    write = None
    """Of peers that write, `write(path, images, labels)`: a new store in the folder `path`, of all these images at once;
    putting it on the device is not its task."""

    def close(self):
        """Lets go of the store."""


def fingerprint(image, label):
    """XXH3 of an image's bytes, seeded with its shape and label: `Sample::fingerprint` in src/sample.rs."""
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim not in (2, 3):
        raise Mismatch(f"an image was delivered as {image.ndim} dimensions of {image.dtype}")
    height, width, channels = image.shape if image.ndim == 3 else (*image.shape, 1)  # grey: libraries leave out the 1
    seed = 0x5368656C666D6172
    for word in (height, width, channels, int(label)):
        seed = ((seed ^ word) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        seed = ((seed << 29) | (seed >> 35)) & 0xFFFFFFFFFFFFFFFF
    return xxhash.xxh3_64_intdigest(np.ascontiguousarray(image), seed)


def raw_image(value, shape):
    """The array in a record of bare pixels; where images differ in shape (None), it begins with height, width, channels."""
    if shape is None:
        return np.frombuffer(value, np.uint8, offset=12).reshape(np.frombuffer(value, "<u4", count=3))
    return np.frombuffer(value, np.uint8).reshape(shape)


def is_mapped(image):
    """Whether an array lies in a mapped file: then nothing was read yet, and nothing delivered."""
    while image is not None and not isinstance(image, mmap.mmap):
        image = getattr(image, "base", None)
    return image is not None


class Contestant:
    """A cell of a run: a workload under way, which goes on where its last turn stopped."""

    def __init__(self, peer, task):
        self.peer, self.workload, self.batch = peer, task["workload"], task["batch"]
        self.name = f"{task['format']} at {task['store']}"
        if task["cache"] != "warm" or task["threads"] != 1:
            raise Unsupported(f"{task['format']}: the Python peers work on warm stores with one thread")
        images = task["images"]
        self.expected = np.fromfile(task["fingerprints"], "<u8")
        if len(self.expected) != images:
            raise Usage(f"{task['fingerprints']}: {len(self.expected)} fingerprints for {images} images")
        with open(os.path.join(task["store"], "shelfmark.json")) as manifest:
            shape = json.load(manifest)["shape"].get("fixed")
        self.shape = shape and tuple(shape)

    def run(self, operations):
        """Does `operations` operations and checks what they deliver; returns the number of images and the time."""
        images = elapsed_ns = 0
        while operations:
            done, took, indices, delivered = self.piece(operations)
            self.check(indices, *delivered)
            operations -= done
            images += len(indices)
            elapsed_ns += took
        return images, elapsed_ns

    def piece(self, most):
        """One stretch of timed work, of `most` operations or fewer: how many, how long, asked for what, got what."""
        raise NotImplementedError

    def check(self, indices, images, labels):
        """Compares all that was delivered with what was written."""
        if len(images) != len(indices) or len(labels) != len(indices):
            raise Mismatch(f"{self.name}: {len(images)} images and {len(labels)} labels for {len(indices)}")
        for index, image, label in zip(indices, images, labels):
            if is_mapped(image):
                raise Mismatch(f"{self.name}: image {index} was not read, only mapped")
            if fingerprint(image, label) != self.expected[index]:
                raise Mismatch(f"{self.name}: image {index} was delivered changed")

    def turn(self, warm_up, operations):
        self.run(warm_up)
        before = device_read_bytes()
        images, elapsed_ns = self.run(operations)
        after = device_read_bytes()
        device = None if before is None or after is None else after - before
        return {"images": images, "elapsed_ns": elapsed_ns, "device_read_bytes": device}

    def probe(self, operations):
        """Percentiles of single operations, each timed by itself; and what as many ask of the system."""
        self.piece(1)
        took = np.array([self.piece(1)[1] for _ in range(operations)])
        p50, p90, p99 = (int(value) for value in np.percentile(took, [50, 90, 99], method="inverted_cdf"))
        latency = {"p50_ns": p50, "p90_ns": p90, "p99_ns": p99, "count": operations}
        return {"latency": latency, "counters": self.counters(operations), "ledger_reason": "a peer is not taken apart"}

    def counters(self, operations):
        """What `operations` operations ask of the system; None where that is not known."""
        return None

    def close(self):
        """Puts everything away."""


class Reads(Contestant):
    """A workload that reads a store, which stays open."""

    def __init__(self, peer, task):
        super().__init__(peer, task)
        images = task["images"]
        self.path = peer.prepare(task["store"], self.shape, images)
        self.own = None if self.path == task["store"] else self.path
        self.store = None
        if self.own and sys.platform == "linux":
            hold(self.own)
        try:
            self.store = self.open()
            self.read_all()
            if self.workload == "open":
                self.store.close()
                self.store = None
            else:
                self.order = Order(self.workload, images, task["seed"])
        except BaseException:
            self.close()
            raise

    def open(self):
        return self.peer(self.path, self.shape)

    def read_all(self):
        """Afterwards the store is in memory, and known to be right."""
        for start in range(0, len(self.expected), 256):
            stop = min(start + 256, len(self.expected))
            self.check(range(start, stop), *self.store.read_slice(start, stop))

    def piece(self, most):
        if self.workload == "open":
            started = clock()
            store = self.open()
            image, label = store.read(0)
            took = clock() - started
            store.close()
            return 1, took, [0], ([image], [label])
        if self.workload == "read_one":
            indices, read = self.order.next(min(most, SINGLE_READS_AT_ONCE)), self.store.read
            started = clock()
            samples = [read(index) for index in indices]
            took = clock() - started
            return len(indices), took, indices, tuple(zip(*samples))
        indices = self.order.next(self.batch)
        if self.order.consecutive:
            started = clock()
            delivered = self.store.read_slice(indices[0], indices[-1] + 1)
        else:
            started = clock()
            delivered = self.store.read_batch(indices)
        return 1, clock() - started, indices, delivered

    def counters(self, operations):
        try:
            counts = Counts()
        except OSError:
            return None  # not Linux
        images = sum(len(counts.add(lambda: self.piece(1))[2]) for _ in range(operations))
        counts.close()
        return {"operations": operations, "images": images, **counts.total}

    def close(self):
        if self.store is not None:
            self.store.close()
            self.store = None
        if self.own is not None:
            shutil.rmtree(self.own, ignore_errors=True)
            self.own = None


class Writes(Contestant):
    """Writes a whole new store at a time, checks it, and removes it. The images are in memory before the clock starts."""

    def __init__(self, peer, task):
        super().__init__(peer, task)
        if peer.write is None:
            raise Unsupported(f"{task['format']}: this program does not write")
        if task["durability"] == "each":
            raise Unsupported(f"{task['format']}: writing Python peers put a store on the device once, when it is finished")
        self.durable = task["durability"] == "close"
        self.target = task["store"] + ".turn"
        source = peer(task["store"], self.shape)
        self.all = range(len(self.expected))
        self.images, self.labels = source.read_slice(0, len(self.all))
        source.close()
        self.check(self.all, self.images, self.labels)

    def piece(self, most):
        try:
            started = clock()
            self.peer.write(self.target, self.images, self.labels)
            if self.durable:
                sync(self.target)
            took = clock() - started
            store = self.peer(self.target, self.shape)
            delivered = store.read_slice(0, len(self.all))
            store.close()
        finally:
            shutil.rmtree(self.target, ignore_errors=True)
        # What is left to be written would otherwise be paid for by the next.
        settle(os.path.dirname(self.target))
        return 1, took, self.all, delivered

    def close(self):
        shutil.rmtree(self.target, ignore_errors=True)


WORKLOADS = {
    **dict.fromkeys(("read_one", "read_batch", "scan", "epoch", "open"), Reads),
    **dict.fromkeys(("write_one", "write_batch"), Writes),
}


def device_read_bytes():
    """Bytes that this process has fetched from devices; None where the system does not say."""
    try:
        with open("/proc/self/io") as counts:
            return next(int(line.split()[1]) for line in counts if line.startswith("read_bytes:"))
    except OSError:
        return None


class Worker:
    """Answers requests."""

    def __init__(self, peer, library, version):
        self.peer, self.library, self.version = peer, library, version
        self.cells = {}

    def answer(self, request):
        [(verb, body)] = request.items()
        if verb == "hello":
            if body["protocol"] != PROTOCOL:
                raise Usage(f"this worker speaks protocol {PROTOCOL}, not {body['protocol']}")
            program = f"{self.library} {self.version}, Python {platform.python_version()}"
            return {"hello": {"protocol": PROTOCOL, "program": program}}
        if verb == "prepare":
            self.close(body["cell"])
            task = body["task"]
            if task["workload"] not in WORKLOADS:
                raise Unsupported(f"{task['format']}: the Python peers do not do {task['workload']}")
            self.cells[body["cell"]] = WORKLOADS[task["workload"]](self.peer, task)
            return {"prepared": {"native": {"library": self.library, "version": self.version}}}
        if verb == "turn":
            return {"turned": self.cell(body).turn(body["warm_up"], body["operations"])}
        if verb == "probe":
            return {"probed": self.cell(body).probe(body["operations"])}
        if verb == "close":
            self.close(body["cell"])
            return {"closed": {}}
        if verb == "bye":
            self.close_all()
            return {"bye": {}}
        raise Unsupported(f"the Python peers know no request `{verb}`")

    def cell(self, body):
        if body["cell"] not in self.cells:
            raise Usage(f"cell {body['cell']} was not prepared")
        return self.cells[body["cell"]]

    def close(self, cell):
        if cell in self.cells:
            self.cells.pop(cell).close()

    def close_all(self):
        for cell in list(self.cells):
            self.close(cell)


KINDS = {Usage: "usage", Unsupported: "unsupported", Mismatch: "mismatch"}


def serve(peer, library, version):
    """Answers requests with the store class `peer`, which reads with this version of this library, until told to end."""
    # Nothing but replies may get into standard output, whatever a library prints.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    worker = Worker(peer, library, version)
    try:
        for line in sys.stdin:
            try:
                reply = worker.answer(json.loads(line))
            except Exception as error:
                kind = KINDS.get(type(error), "failed")
                message = str(error) if kind != "failed" else f"{library}: {type(error).__name__}: {error}"
                reply = {"failed": {"kind": kind, "message": message}}
            print(json.dumps(reply), file=replies, flush=True)
            if "bye" in reply:
                return
    finally:
        worker.close_all()
