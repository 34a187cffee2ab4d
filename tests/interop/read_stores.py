"""Opens what shelfmark wrote with the libraries its users have, and finds the same pixels and labels.

Usage: python tests/interop/read_stores.py PATH_OF_SHELFMARK

The truth comes from here, not from shelfmark: random images, written as a CIFAR-10 batch file; and a folder of JPEG and
PNG files of many sizes, written by Pillow. shelfmark writes them in every format; then the reading snippets of README.md,
the very text that people copy, are executed on the stores.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "scripts/peers"))
import absent  # noqa: E402

WITHOUT_PYTHON = ("redb:", "rocksdb:")
IMAGES = 300  # neither a multiple of the batch nor of a chunk


def truth(path):
    """Random images and labels; also writes them to `path` as a CIFAR-10 batch (label byte, planes of R, G, B)."""
    rng = np.random.default_rng(7)
    images = rng.integers(0, 256, (IMAGES, 32, 32, 3), dtype=np.uint8)
    # Half of them smooth, so that compression has something to do, and each with a brightness of its own, so that they
    # can be told apart when a lossy format is done with them.
    images[::2] = images[::2] // 64 + rng.integers(0, 252, (IMAGES // 2, 1, 1, 1), dtype=np.uint8)
    labels = rng.integers(0, 10, IMAGES, dtype=np.uint8)
    planes = images.transpose(0, 3, 1, 2).reshape(IMAGES, -1)
    np.concatenate([labels[:, None], planes], axis=1).tofile(path)
    return images, labels


def snippets():
    """The Python blocks of README.md that begin with "# KIND: NAME ...", by kind and name."""
    blocks = re.findall(r"```python\n# (read|records|images): (.*?)\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return {(kind, name): code for kind, names, code in blocks for name in names.split()}


def snippet(blocks, name, store):
    """The text that reads a store: a block for the whole format, or one for its container and one for its codec."""
    ragged = "ragged" in json.loads((store / "shelfmark.json").read_text())["shape"]
    format, *options = name.split(",")
    container, codec = format.split(":")
    records = [blocks.get(("records", f"{container},{option}")) for option in options] + [blocks.get(("records", container))]
    records = next((code for code in records if code), None)
    whole = blocks.get(("read", name)) or blocks.get(("read", format))
    if whole and (not ragged or records is None or codec == "bincode"):
        return whole
    images = (blocks.get(("images", f"{codec}(ragged)")) if ragged else None) or blocks.get(("images", codec))
    return f"{records}\n{images}" if records and images else None


def read(code, store):
    """Runs a snippet on a store; it leaves `images` (N, H, W, C; or a list of N images) and `labels` (N)."""
    names = {"store": str(store)}
    with absent.stand_in() if "streaming" in code else contextlib.nullcontext():
        exec(code, names)
    return list(names["images"]), np.asarray(names["labels"])


class Tolerance:
    """How far pixels of an image may be from the expected ones: the same, or what a lossy codec leaves of them."""

    def __init__(self, of_image):
        self.of_image = of_image

    def admits(self, nth, image, other):
        if image.shape != other.shape or image.dtype != np.uint8:
            return False
        off = np.abs(image.astype(int) - other)
        most = self.of_image(nth)
        return True if most is None else off.mean() <= most if most else not off.any()


EXACT = Tolerance(lambda nth: 0)
# Of noise a lossy codec leaves nothing to compare; the smooth half has to keep its brightness.
LOSSY = Tolerance(lambda nth: 3 if nth % 2 == 0 else None)


def same(found, expected, tolerance=EXACT):
    images, labels = found
    if len(images) != len(expected[0]) or not np.array_equal(labels.astype(np.int64), expected[1].astype(np.int64)):
        return False
    return all(tolerance.admits(nth, *pair) for nth, pair in enumerate(zip(images, expected[0])))


def photographs(root):
    """A folder of classes with PNG and JPEG files of many sizes; returns names, images as Pillow reads them, labels."""
    rng = np.random.default_rng(8)
    classes = ["cat", "dog, \u00e9t\u00e9", "with space"]
    names, images, labels = [], [], []
    for label, folder in enumerate(classes):
        (root / folder).mkdir(parents=True)
        for number in range(20):
            height, width = rng.integers(1, 120, 2)
            channels = (3, 1, 3, 4)[number % 4]
            ramp = np.linspace(0, 200, height * width).reshape(height, width, 1)
            pixels = (ramp + rng.integers(0, 55, channels) + rng.normal(0, 2, (height, width, channels))).clip(0, 255)
            kind = "png" if channels == 4 or number % 5 == 0 else "jpg"
            name = f"{folder}/{number:03}.{kind}"
            Image.fromarray(pixels.astype(np.uint8).squeeze(2) if channels == 1 else pixels.astype(np.uint8)).save(
                root / name, **({"quality": 92} if kind == "jpg" else {})
            )
            names.append(name)
            images.append(np.asarray(Image.open(root / name)))
            labels.append(label)
    return names, images, np.array(labels)


def with_channels(images):
    """Grey images as height x width x 1: libraries for files leave the last dimension out."""
    return [image[:, :, None] if image.ndim == 2 else image for image in images]


def written(program, dataset, folder):
    """The stores of all formats that can hold the dataset."""
    arguments = ["verify", "--dataset", dataset, "--formats", "all", "--dir", folder, "--keep", "--json"]
    listed = subprocess.run([program, *arguments], check=True, capture_output=True)
    lines = json.loads(listed.stdout)["formats"]
    for line in lines:
        if line["status"] != "ok":
            print(f"       {line['format']}: {line['status']}: {line['reason']}")
    stores = {line["format"]: pathlib.Path(line["store"]) for line in lines if line["status"] == "ok"}
    assert stores, "shelfmark wrote no stores"
    return stores


def missing(report, name, shown):
    """There is no snippet, which is right only where there is no library for Python."""
    if name.startswith(WITHOUT_PYTHON):
        print(f"       {shown}: there is no library for Python")
    else:
        report(shown, False, "README.md has no snippet that reads it")


def codec(name):
    return name.split(",")[0].split(":")[1]


def check_pixels(program, folder, readers, report):
    """Images of one size that were never in files."""
    expected = truth(folder / "batch.bin")
    for name, store in written(program, f"cifar10:{folder / 'batch.bin'}", folder / "fixed").items():
        code = snippet(readers, name, store)
        if code is None:
            missing(report, name, name)
            continue
        found = read(code, store)
        lossy = codec(name) == "jpeg"
        tolerance = LOSSY if lossy else EXACT
        ok = same(found, expected, tolerance)
        # The comparison must be able to fail: one label changed, one pixel (or, if lossy, one image) changed.
        other = (expected[0].copy(), expected[1].copy())
        other[1][IMAGES // 2] ^= 1
        ok = ok and not same(found, other, tolerance)
        other[1][IMAGES // 2] ^= 1
        if lossy:
            other[0][IMAGES // 2] ^= 8
        else:
            other[0][IMAGES // 3, 5, 5, 1] ^= 1
        ok = ok and not same(found, other, tolerance)
        report(name, ok, f"{len(found[0])} of {found[0][0].shape} {found[0][0].dtype}")


def check_photographs(program, folder, readers, report):
    """Files of many sizes: kept as they are, or decoded by shelfmark."""
    names, images, labels = photographs(folder / "photographs")
    expected = (with_channels(images), labels)
    is_jpeg = [name.endswith("jpg") for name in names]
    for name, store in written(program, f"folder:{folder / 'photographs'}", folder / "ragged").items():
        code = snippet(readers, name, store)
        if code is None:
            missing(report, name, f"{name} (ragged)")
            continue
        found, found_labels = read(code, store)
        found = with_channels(found)
        if codec(name) == "source":
            tolerance = EXACT  # Pillow reads the very same files
        else:
            # Two JPEG decoders may differ by a rounding here and there.
            tolerance = Tolerance(lambda nth: 1 if is_jpeg[nth] else 0)
        ok = same((found, found_labels), expected, tolerance)
        ok = ok and not same((found[1:] + found[:1], found_labels), expected, tolerance)
        variables = {"store": str(store)}
        exec(readers["read", "keys"], variables)
        ok = ok and variables["names"] == names
        report(f"{name} (ragged)", ok, f"{len(found)} from {found[0].shape} on, and their names")
    for name in ["dir:source", "lmdb:source", "hdf5:source"]:
        store, back = folder / "ragged" / name.replace(":", "-"), folder / "back"
        if store.exists():
            subprocess.run([program, "convert", store, back, "--format", "folder"], check=True, capture_output=True)
            files = sorted(os.path.relpath(path, back) for path in back.rglob("*") if path.is_file())
            ok = files == sorted(names) and all(
                (back / file).read_bytes() == (folder / "photographs" / file).read_bytes() for file in files
            )
            report(f"{name} back to files", ok, f"{len(files)} files")
            shutil.rmtree(back)


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    outcomes = []

    def report(name, ok, what):
        print(f"{'ok    ' if ok else 'FAILED'} {name}: {what}")
        outcomes.append(ok)

    with tempfile.TemporaryDirectory() as folder:
        readers = snippets()
        check_pixels(program, pathlib.Path(folder), readers, report)
        check_photographs(program, pathlib.Path(folder), readers, report)
    print(f"{sum(outcomes)} passed, {len(outcomes) - sum(outcomes)} failed")
    sys.exit(0 if outcomes and all(outcomes) else 1)


if __name__ == "__main__":
    main()
