"""shelfmark reads what other libraries wrote in their usual layouts, and finds the same pixels, labels and names.

Usage: python tests/interop/read_layouts.py PATH_OF_SHELFMARK

The truth comes from here: images drawn at random, encoded by Pillow where files are kept. Each layout is written by the very
library its users have (Hugging Face's by pyarrow, in the columns that `datasets` has); shelfmark converts it into a store of
plain files, and that is compared.
"""

import csv
import io
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import zipfile

sys.dont_write_bytecode = True

import h5py
import lmdb
import numpy as np
import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import tfrecord
import webdataset
import zarr
from PIL import Image

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "scripts/peers"))
import absent  # noqa: E402

IMAGES = 40
CLASSES = ("bird", "cat", "dog \u00e9t\u00e9")


class Sample:
    """An image, its encoded file, its name without an ending, its label."""

    def __init__(self, nth, rng):
        height, width = rng.integers(1, 60, 2)
        channels = (3, 1, 4, 3)[nth % 4]
        noise = rng.integers(0, 256, (height, width, channels), dtype=np.uint8)
        self.kind = "jpg" if nth % 4 == 3 else "png"
        if self.kind == "jpg":
            # Of noise two decoders make two things, because each has its own way to fill up the colours left out.
            noise = (noise // 32 + np.linspace(0, 200, height * width).reshape(height, width, 1)).astype(np.uint8)
        file = io.BytesIO()
        image = Image.fromarray(noise.squeeze(2) if channels == 1 else noise)
        image.save(file, format={"jpg": "JPEG", "png": "PNG"}[self.kind])
        self.file = file.getvalue()
        self.pixels = np.asarray(Image.open(file)).reshape(height, width, channels)
        # Classes in folders, as many names need them; numbered in their order.
        self.label = nth * 3 // IMAGES
        self.name = f"{CLASSES[self.label]}/{nth:04}"

    @property
    def path(self):
        return f"{self.name}.{self.kind}"


def webdataset_shards(folder, samples):
    with webdataset.ShardWriter(str(folder / "set-%06d.tar"), maxcount=15, verbose=0) as writer:
        for sample in samples:
            writer.write({"__key__": sample.name, sample.kind: sample.file, "cls": sample.label, "json": {"n": 1}})
    return f"tar:{folder}", [sample.name for sample in samples]


def webdataset_file(folder, samples):
    with webdataset.TarWriter(str(folder / "one.tar")) as writer:
        for sample in samples:
            writer.write({"__key__": sample.name, sample.kind: sample.file, "cls": sample.label})
    return str(folder / "one.tar"), [sample.name for sample in samples]


def tfrecord_files(folder, samples):
    for nth in range(2):
        writer = tfrecord.TFRecordWriter(str(folder / f"train-{nth:05}-of-00002"))
        for sample in samples[nth * 25 : nth * 25 + (25, IMAGES)[nth]]:
            writer.write(
                {
                    "image/encoded": (sample.file, "byte"),
                    "image/class/label": (sample.label, "int"),
                    "image/filename": (sample.path.encode(), "byte"),
                    "image/height": (sample.pixels.shape[0], "int"),
                    "image/object/bbox/xmin": ([0.5, 0.25], "float"),
                }
            )
        writer.close()
    return f"tfrecord:{folder}", [sample.path for sample in samples]


def tfrecord_datasets(folder, samples):
    """With the names of TensorFlow Datasets."""
    writer = tfrecord.TFRecordWriter(str(folder / "x.tfrecord"))
    for sample in samples:
        writer.write({"image": (sample.file, "byte"), "label": (sample.label, "int")})
    writer.close()
    return str(folder / "x.tfrecord"), None


def zip_folders(folder, samples):
    with zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("photos")
        for sample in samples:
            archive.writestr(f"photos/{sample.path}", sample.file)
        archive.writestr("photos/README.txt", "no image")
    return str(folder / "x.zip"), [f"photos/{sample.path}" for sample in samples]


def zip_stylegan(folder, samples):
    """As StyleGAN's dataset tool does it."""
    names = [f"{nth // 1000:05}/img{nth:08}.png" for nth in range(len(samples))]
    with zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_STORED) as archive:
        for name, sample in zip(names, samples):
            archive.writestr(name, sample.file)
        labels = [[name, sample.label] for name, sample in zip(names, samples)]
        archive.writestr("dataset.json", json.dumps({"labels": labels}))
    return f"zip:{folder / 'x.zip'}", names


def sqlite_table(folder, samples):
    with sqlite3.connect(folder / "x.sqlite") as connection:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
        connection.execute("CREATE TABLE photos (id INTEGER PRIMARY KEY, filename TEXT, label INTEGER, image BLOB)")
        rows = [(sample.path, sample.label, sample.file) for sample in samples]
        connection.executemany("INSERT INTO photos (filename, label, image) VALUES (?, ?, ?)", rows)
    connection.close()
    return str(folder / "x.sqlite"), [sample.path for sample in samples]


def sqlite_named(folder, samples):
    with sqlite3.connect(folder / "x.db") as connection:
        connection.execute("CREATE TABLE a (thumb BLOB, picture BLOB, kind INTEGER)")
        rows = [(b"\x89PNG\r\n\x1a\n", sample.file, sample.label) for sample in samples]
        connection.executemany("INSERT INTO a VALUES (?, ?, ?)", rows)
    connection.close()
    return f"sqlite:{folder / 'x.db'},table=a,image=picture,label=kind", None


def hugging_face(samples):
    images = [{"bytes": sample.file, "path": sample.path} for sample in samples]
    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    labels = pyarrow.array([sample.label for sample in samples], pyarrow.int64())
    return pyarrow.table({"image": pyarrow.array(images, kind), "label": labels})


def parquet_files(folder, samples):
    for nth in range(2):
        part = samples[nth * 25 : nth * 25 + (25, IMAGES)[nth]]
        name = folder / f"train-{nth:05}-of-00002.parquet"
        pyarrow.parquet.write_table(hugging_face(part), name, row_group_size=7)
    pyarrow.parquet.write_table(hugging_face(samples[:3]), folder / "test-00000-of-00001.parquet")
    return f"parquet:{folder}", [sample.path for sample in samples]


def parquet_plain(folder, samples):
    columns = {
        "id": list(range(len(samples))),
        "img": [sample.file for sample in samples],
        "fine_label": pyarrow.array([sample.label for sample in samples], pyarrow.uint8()),
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "x.parquet", compression="zstd")
    return str(folder / "x.parquet"), None


def arrow_file(folder, samples):
    table = hugging_face(samples)
    with pyarrow.ipc.new_file(folder / "x.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=9)
    return str(folder / "x.arrow"), [sample.path for sample in samples]


def arrow_streams(folder, samples):
    """As `datasets` keeps them."""
    for nth in range(2):
        table = hugging_face(samples[nth * 25 : nth * 25 + (25, IMAGES)[nth]])
        with pyarrow.ipc.new_stream(folder / f"data-{nth:05}-of-00002.arrow", table.schema) as writer:
            writer.write_table(table, max_chunksize=9)
    (folder / "state.json").write_text("{}")
    return f"arrow:{folder}", [sample.path for sample in samples]


def mds_shards(folder, samples):
    columns = {"image": "bytes", "label": "int", "name": "str", "weight": "float32"}
    with absent.stand_in():
        import streaming

        with streaming.MDSWriter(out=str(folder / "x"), columns=columns, size_limit=50_000) as writer:
            for sample in samples:
                row = {"image": sample.file, "label": sample.label, "name": sample.path, "weight": np.float32(0.5)}
                writer.write(row)
    return f"mds:{folder / 'x'}", [sample.path for sample in samples]


def lmdb_values(folder, samples):
    environment = lmdb.open(str(folder), map_size=1 << 26)
    with environment.begin(write=True) as transaction:
        for nth, sample in enumerate(samples):
            transaction.put(f"{nth:08}".encode(), sample.file)
    environment.close()
    return f"lmdb:{folder}", [f"{nth:08}" for nth in range(len(samples))]


FILES = [
    webdataset_shards, webdataset_file, tfrecord_files, tfrecord_datasets, zip_folders, zip_stylegan, sqlite_table,
    sqlite_named, parquet_files, parquet_plain, arrow_file, arrow_streams, mds_shards, lmdb_values,
]  # fmt: skip
WITHOUT_LABELS = (lmdb_values,)


def npy_files(folder, images, labels):
    np.save(folder / "images.npy", images)
    np.save(folder / "labels.npy", labels)
    return str(folder / "images.npy")


def npy_named(folder, images, labels):
    np.save(folder / "x.npy", images)
    np.save(folder / "y.npy", labels.astype(">u2").reshape(-1, 1))
    return f"npy:{folder / 'x.npy'},labels={folder / 'y.npy'}"


def zarr_group(folder, images, labels):
    group = zarr.open_group(folder / "x.zarr", mode="w")
    group.create_array("images", data=images, chunks=(16, 5, *images.shape[2:]))
    group.create_array("labels", data=labels.astype(np.int32), chunks=(16,))
    return str(folder / "x.zarr")


def zarr_shards(folder, images, labels):
    group = zarr.open_group(folder / "x.zarr", mode="w")
    group.create_array("x", data=images, chunks=(4, *images.shape[1:]), shards=(16, *images.shape[1:]))
    group.create_array("y", data=labels, compressors=None)
    return f"zarr:{folder / 'x.zarr'}"


def hdf5_file(folder, images, labels):
    with h5py.File(folder / "x.h5", "w") as file:
        file.create_dataset("images", data=images, chunks=(16, *images.shape[1:]), compression="gzip")
        file.create_dataset("labels", data=labels)
    return f"hdf5:{folder / 'x.h5'}"


ARRAYS = [npy_files, npy_named, zarr_group, zarr_shards, hdf5_file]


def converted(program, dataset, folder, codec):
    """What shelfmark makes of a dataset: the records of a store of files, labels and names."""
    # Beside it: a store does not belong into what it is made from.
    store = folder.with_name(f"{folder.name}-{codec}")
    command = [program, "convert", dataset, store, "--format", f"dir:{codec}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(open(store / "labels.csv")))
    records = [(store / "images" / row["file"]).read_bytes() for row in rows]
    keys = store / "keys"
    names = keys.read_bytes().decode().split("\0")[:-1] if keys.exists() else None
    return records, [int(row["label"]) for row in rows], names


def pixels(record):
    image = np.asarray(Image.open(io.BytesIO(record)))
    return image[:, :, None] if image.ndim == 2 else image


def same_images(found, expected):
    if len(found) != len(expected):
        return False
    return all(a.shape == b.shape and np.array_equal(a, b) for a, b in zip(found, expected))


def check_files(program, folder, layout, samples):
    """Files come out byte by byte; PNGs that were decoded and encoded again have the pixels that Pillow sees."""
    place = folder / layout.__name__
    place.mkdir()
    dataset, names = layout(place, samples)
    labels = [0 if layout in WITHOUT_LABELS else sample.label for sample in samples]
    files, *of_files = converted(program, dataset, place, "source")
    images, *of_pixels = converted(program, dataset, place, "png")
    lossless = [nth for nth, sample in enumerate(samples) if sample.kind == "png"]
    found = [pixels(images[nth]) for nth in lossless]
    ok = files == [sample.file for sample in samples] and of_files == of_pixels == [labels, names]
    ok = ok and same_images(found, [samples[nth].pixels for nth in lossless])
    # Two JPEG decoders may differ by a rounding here and there.
    off = [np.abs(pixels(image).astype(int) - sample.pixels).mean() for image, sample in zip(images, samples)]
    ok = ok and max(off) <= 1
    # The comparison must be able to fail.
    other = labels.copy()
    other[7] ^= 1
    return ok and of_files != [other, names] and not same_images(found[1:] + found[:1], found)


def check_arrays(program, folder, layout, images, labels):
    place = folder / f"{layout.__name__}-{images.ndim}"
    place.mkdir()
    records, found_labels, names = converted(program, layout(place, images, labels), place, "png")
    found = [pixels(record) for record in records]
    expected = list(images if images.ndim == 4 else images[..., None])
    ok = same_images(found, expected) and found_labels == labels.tolist() and names is None
    other = labels.copy()
    other[7] ^= 1
    changed = [image.copy() for image in expected]
    changed[11][3, 4, 0] ^= 1
    return ok and found_labels != other.tolist() and not same_images(found, changed)


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    rng = np.random.default_rng(11)
    samples = [Sample(nth, rng) for nth in range(IMAGES)]
    images = rng.integers(0, 256, (IMAGES, 12, 10, 3), dtype=np.uint8)
    labels = rng.integers(0, 1000, IMAGES)
    outcomes = []

    def report(name, check, *arguments):
        try:
            ok, why = check(*arguments), ""
        except Exception as error:
            ok, why = False, f": {error}"
        print(f"{'ok    ' if ok else 'FAILED'} {name}{why}")
        outcomes.append(ok)

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for layout in FILES:
            report(layout.__name__, check_files, program, folder, layout, samples)
        for layout in ARRAYS:
            for some in (images, images[..., 0]):
                report(f"{layout.__name__} of {some.ndim} extents", check_arrays, program, folder, layout, some, labels)
    print(f"{sum(outcomes)} passed, {len(outcomes) - sum(outcomes)} failed")
    sys.exit(0 if outcomes and all(outcomes) else 1)


if __name__ == "__main__":
    main()
