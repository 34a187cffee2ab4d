"""The Python peers deliver what shelfmark wrote, notice what is wrong, and draw the orders that they say.

Usage: python tests/interop/peers.py PATH_OF_SHELFMARK

shelfmark's own worker writes stores and fingerprints; each peer is then driven through its pipes as the supervisor does
it. No time decides anything.
"""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
PEERS = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "peers"
sys.path.insert(0, str(PEERS))

import numpy as np
from PIL import Image

import counts
import order
import worker

IMAGES = 300  # no multiple of the batch
TORCH = [("torch_dataloader.py", kind) for kind in ("png", "lmdb", "h5py")]
SCRIPTS = {
    ("pillow_folder.py",): "dir:png",
    ("lmdb_raw.py",): "lmdb:raw",
    ("lmdb_pickle.py",): "lmdb:raw",
    ("h5py_single.py",): "hdf5:raw",
    ("h5py_sorted.py",): "hdf5:raw",
    ("numpy_memmap.py",): "flat:raw",
    ("numpy_npy.py",): "npy:raw",
    ("sqlite3_table.py",): "sqlite:raw",
    ("zipfile_archive.py",): "zip:raw",
    ("webdataset_tar.py",): "tar:raw",
    ("tfrecord_index.py",): "tfrecord:raw",
    ("mds_local.py",): "mds:raw",
    ("pyarrow_ipc.py",): "arrow:raw",
    ("pyarrow_parquet.py",): "parquet:raw",
    ("zarr_array.py",): "zarr:raw",
    **dict(zip(TORCH, ("dir:png", "lmdb:raw", "hdf5:raw"))),
}
# These write, too.
WRITING = {("pillow_folder.py",)}
# These have nothing to say about images of different shapes.
FIXED_ONLY = {("h5py_sorted.py",), ("numpy_memmap.py",), ("numpy_npy.py",), ("zarr_array.py",), *TORCH}


class Child:
    """A program that speaks the worker protocol."""

    def __init__(self, *command):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([str(word) for word in command], stdin=pipe, stdout=pipe, text=True)
        assert self.ask("hello", protocol=1)["hello"]["protocol"] == 1

    def ask(self, verb, **body):
        print(json.dumps({verb: body}), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def end(self):
        assert self.ask("bye") == {"bye": {}}
        assert self.process.wait(20) == 0, f"ended with {self.process.returncode}"

    def leave(self):
        self.process.stdin.close()
        assert self.process.wait(20) == 0, f"ended with {self.process.returncode}"


class Stores:
    """Stores of one dataset, and the tasks of reading them."""

    def __init__(self, program, folder, dataset):
        self.folder, self.dataset, self.refused = folder, dataset, {}
        folder.mkdir()
        child = Child(program, "worker")
        for name in sorted(set(SCRIPTS.values())):
            task = self.task(name, "epoch")
            keys = ("dataset", "images", "format", "store", "fingerprints")
            reply = child.ask("write", **{key: task[key] for key in keys})
            if "failed" in reply:
                # Arrays take images of one shape alone, and some formats are not built in.
                assert reply["failed"]["kind"] == "unsupported", reply
                self.refused[name] = reply["failed"]["message"]
            else:
                assert reply["written"]["verified"] == IMAGES, reply
        child.end()

    def task(self, name, workload):
        path = self.folder / name.replace(":", "-")
        return {
            "format": name, "store": str(path), "fingerprints": f"{path}.fingerprints", "workload": workload,
            "images": IMAGES, "batch": 1 if workload in ("read_one", "open") else 256, "threads": 1, "cache": "warm",
            "durability": "close", "dataset": {"name": self.dataset}, "seed": 2**64 - 1,
        }  # fmt: skip


def check_fingerprint():
    # The same sample as in src/sample.rs.
    sample = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert worker.fingerprint(sample, 7) == 0x979B3171E58B507D
    for other in (sample.reshape(4, 2, 3), np.bitwise_xor(sample, 1), sample[::-1]):
        assert worker.fingerprint(other, 7) != worker.fingerprint(sample, 7)
    assert worker.fingerprint(sample, 8) != worker.fingerprint(sample, 7)
    assert worker.fingerprint(sample[:, :, 0], 7) == worker.fingerprint(sample[:, :, :1], 7), "grey"


def check_orders():
    # A pass begins where Rust begins it, at another batch for each seed, and is whole all the same.
    scan = order.Order("scan", 10_000, 1)
    slices = [scan.next(256) for _ in range(40)]
    assert slices[0][0] == 6144, "pinned in src/workload/order.rs, too"
    assert sorted(sum(slices, [])) == list(range(10_000))
    for images, want in ((1, 256), (300, 256), (1000, 7)):
        scan = order.Order("scan", images, 0)
        epoch, again = order.Order("epoch", images, 1), order.Order("epoch", images, 1)
        passes = []
        for _ in range(2):
            in_order, shuffled = [], []
            while len(in_order) < images:
                in_order += scan.next(want)
            while len(shuffled) < images:
                slice_ = epoch.next(want)
                assert slice_ == again.next(want), "the same seed gives the same order"
                shuffled += slice_
            assert in_order == list(range(images))
            assert sorted(shuffled) == list(range(images)), "each exactly once"
            passes.append(shuffled)
        assert images < 300 or (passes[0] != passes[1] and passes[0] != sorted(passes[0]))
        runs, draws = order.Order("read_batch", images, 1), order.Order("read_one", images, 1)
        for _ in range(50):
            run = runs.next(want)
            assert run == list(range(run[0], run[0] + min(want, images))) and run[-1] < images
            drawn = draws.next(want)
            assert len(drawn) == want and set(drawn) <= set(range(images))
    assert order.Order("epoch", 0, 0).next(5) == []
    assert len(set(order.Order("read_one", 100, 1).next(2000))) == 100


def check_counts():
    if not sys.platform.startswith("linux"):
        return
    counter = counts.Counts()
    nothing = dict(counter.total)
    assert [counter.add(lambda: 7) for _ in range(3)] == [7] * 3
    assert counter.total == nothing and set(nothing.values()) == {0}, counter.total
    with open(__file__, "rb") as file:
        for _ in range(3):
            counter.add(lambda: os.pread(file.fileno(), 100, 0))
    assert (counter.total["read_calls"], counter.total["read_bytes"]) == (3, 300), counter.total
    counter.close()


def check_peer(script, stores, shape):
    """Every workload, and how many images it says it delivered."""
    child = Child(sys.executable, "-B", PEERS / script[0], *script[1:])
    before = set(stores.folder.iterdir())
    # A pass is a batch of 256 and one of 44.
    wanted = {"read_one": (70, 70), "read_batch": (3, 768), "scan": (3, 556), "epoch": (4, 600), "open": (5, 5)}
    for cell, (workload, (operations, images)) in enumerate(wanted.items()):
        reply = child.ask("prepare", cell=cell, task=stores.task(SCRIPTS[script], workload))
        if shape == "ragged" and script in FIXED_ONLY:
            assert reply["failed"]["kind"] == "unsupported", reply
            continue
        assert reply["prepared"]["native"]["version"], reply
        reply = child.ask("turn", cell=cell, warm_up=0, operations=operations)
        assert reply["turned"]["images"] == images and reply["turned"]["elapsed_ns"] > 0, reply
        probed = child.ask("probe", cell=cell, operations=20)["probed"]
        latency, counters = probed["latency"], probed["counters"]
        assert latency["count"] == 20 and 0 < latency["p50_ns"] <= latency["p90_ns"] <= latency["p99_ns"], latency
        check_counters(script, workload, counters)
        assert child.ask("close", cell=cell) == {"closed": {}}
        assert set(stores.folder.iterdir()) == before, "something was left beside the store"
    check_writes(child, script, stores)
    assert set(stores.folder.iterdir()) == before, "something was left beside the store"
    assert child.ask("turn", cell=9, warm_up=0, operations=1)["failed"]["kind"] == "usage"
    assert child.ask("dance")["failed"]["kind"] == "unsupported"
    # A supervisor that is gone says nothing more: what was made for a cell under way must not stay.
    child.ask("prepare", cell=0, task=stores.task(SCRIPTS[script], "epoch"))
    child.leave()
    assert set(stores.folder.iterdir()) == before, "something was left beside the store"


def check_writes(child, script, stores):
    """Whole stores, however often; none that would have to be put on the device piece by piece."""
    for durability in ("none", "close", "each"):
        task = {**stores.task(SCRIPTS[script], "write_batch"), "durability": durability}
        reply = child.ask("prepare", cell=9, task=task)
        if script not in WRITING or durability == "each":
            assert reply["failed"]["kind"] == "unsupported", reply
            continue
        reply = child.ask("turn", cell=9, warm_up=1, operations=2)
        assert reply["turned"]["images"] == 2 * IMAGES and reply["turned"]["elapsed_ns"] > 0, reply
        probed = child.ask("probe", cell=9, operations=2)["probed"]
        assert probed["latency"]["count"] == 2 and probed["counters"] is None, probed
        assert child.ask("close", cell=9) == {"closed": {}}


def check_counters(script, workload, counters):
    """Where it is known what has to be read."""
    if not sys.platform.startswith("linux"):
        assert counters is None
        return
    assert counters["operations"] == 20 and counters["write_calls"] == 0, counters
    if workload == "read_one":
        assert counters["images"] == 20
        if script in (("lmdb_raw.py",), ("numpy_memmap.py",)):
            assert counters["read_calls"] == counters["read_bytes"] == 0, "maps are read without calls"
        if script == ("pillow_folder.py",):
            assert counters["read_calls"] >= 20, counters


LIES = {
    "a pixel": lambda image, label: (image ^ np.uint8(1), label),
    "a label": lambda image, label: (image, label ^ 1),
    "planes first": lambda image, label: (np.ascontiguousarray(image.transpose(2, 0, 1)), label),
    "fractions": lambda image, label: (image / 255, label),
}


def check_liars(stores):
    """A peer that does not deliver what was written fails, however late it begins to lie."""
    import h5py_single
    import numpy_memmap
    import pillow_folder

    class Careless(pillow_folder.Folder):
        """Writes something else than it was given."""

        @classmethod
        def write(cls, path, images, labels):
            super().write(path, cls.lie(images), labels)

    class Liar(h5py_single.File):
        def read(self, index):
            return self.lie(*super().read(index))

    class Pointer(numpy_memmap.Mapped):
        """Points to images instead of reading them."""

        def read(self, index):
            return self.images[index], self.labels[index]

    for workload in ("read_one", "read_batch", "scan", "epoch", "open"):
        task = stores.task("hdf5:raw", workload)
        for name, lie in LIES.items():
            Liar.lie = staticmethod(lie)
            assert fails(lambda: worker.Reads(Liar, task)), f"{name}, {workload}: at once"
            Liar.lie = staticmethod(lambda image, label: (image, label))
            contestant = worker.Reads(Liar, task)
            contestant.turn(1, 1)
            Liar.lie = staticmethod(lie)
            assert fails(lambda: contestant.turn(0, 1)), f"{name}, {workload}: later"
            contestant.close()
    contestant = worker.Reads(Pointer, stores.task("flat:raw", "read_one"))
    assert fails(lambda: contestant.turn(0, 1)), "an image that was not read"
    contestant = worker.Writes(Careless, stores.task("dir:png", "write_batch"))
    Careless.lie = staticmethod(lambda images: images)
    contestant.turn(0, 1)
    for name, lie in {"a pixel": lambda images: images ^ np.uint8(1), "another order": lambda images: images[::-1]}.items():
        Careless.lie = staticmethod(lie)
        assert fails(lambda: contestant.turn(0, 1)), f"written: {name}"
    contestant.close()


def fails(deliver):
    try:
        deliver()
    except worker.Mismatch:
        return True
    return False


def missing(script):
    """What a peer needs and is not there, as far as it may be missing."""
    needs = "torch" if script in TORCH or script == ("mds_local.py",) else None
    return f"there is no {needs}" if needs and importlib.util.find_spec(needs) is None else None


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    passed = skipped = 0
    check_fingerprint()
    check_orders()
    check_counts()
    with tempfile.TemporaryDirectory() as folder:
        pictures = pathlib.Path(folder) / "pictures"
        pictures.mkdir()
        rng = np.random.default_rng(3)
        for number in range(IMAGES):
            pixels = rng.integers(0, 256, (*rng.integers(1, 20, 2), 3), dtype=np.uint8)
            Image.fromarray(pixels).save(pictures / f"{number:03}.png")
        datasets = {"fixed": "synthetic:9x7x3", "grey": "synthetic:8x8x1", "ragged": f"folder:{pictures}"}
        for shape, dataset in datasets.items():
            stores = Stores(program, pathlib.Path(folder) / shape, dataset)
            for script in SCRIPTS:
                why = stores.refused.get(SCRIPTS[script]) or missing(script)
                if why:
                    print(f"       {' '.join(script)}: {shape}: skipped: {why}")
                    skipped += 1
                    continue
                check_peer(script, stores, shape)
                print(f"ok     {' '.join(script)}: {shape}")
                passed += 1
            if shape == "fixed":
                check_liars(stores)
    print(f"{passed + 4} passed, 0 failed, {skipped} skipped")


if __name__ == "__main__":
    main()
