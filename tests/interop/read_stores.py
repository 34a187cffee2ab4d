"""Opens what shelfmark wrote with the libraries its users have, and finds the same pixels and labels.

Usage: python tests/interop/read_stores.py PATH_OF_SHELFMARK

The truth comes from here, not from shelfmark: random images, written as a CIFAR-10 batch file. shelfmark writes them
in every format; then the reading snippets of README.md, the very text that people copy, are executed on the stores.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
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
    """The Python blocks of README.md that begin with "# read: FORMAT ...", by format."""
    blocks = re.findall(r"```python\n# read: (.*?)\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return {name: code for names, code in blocks for name in names.split()}


def snippet(readers, name, store):
    """The snippet for a store; options of the format change how bytes lie in the file, and rarely how it is read."""
    ragged = "ragged" in json.loads((store / "shelfmark.json").read_text())["shape"]
    names = [name, name.split(",")[0]]
    names = [f"{name}(ragged)" for name in names if ragged] + names
    return next((readers[name] for name in names if name in readers), None)


def read(code, store):
    """Runs a snippet on a store; it leaves `images` (N, H, W, C; or a list of N images) and `labels` (N)."""
    names = {"store": str(store)}
    exec(code, names)
    return list(names["images"]), np.asarray(names["labels"])


def same(found, expected, lossy=False):
    images, labels = found
    if len(images) != len(expected[0]) or not np.array_equal(labels.astype(np.int64), expected[1].astype(np.int64)):
        return False
    for nth, (image, other) in enumerate(zip(images, expected[0])):
        if image.shape != other.shape or image.dtype != np.uint8:
            return False
        # Of noise a lossy codec leaves nothing to compare; the smooth half has to keep its brightness.
        off = np.abs(image.astype(int) - other)
        if (nth % 2 == 0 and off.mean() > 3) if lossy else off.any():
            return False
    return True


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        expected = truth(folder / "batch.bin")
        arguments = ["verify", "--dataset", f"cifar10:{folder / 'batch.bin'}", "--formats", "all"]
        listed = subprocess.run(
            [program, *arguments, "--dir", folder / "stores", "--keep", "--json"], check=True, capture_output=True
        )
        lines = json.loads(listed.stdout)["formats"]
        for line in lines:
            if line["status"] != "ok":
                print(f"       {line['format']}: {line['status']}: {line['reason']}")
        stores = {line["format"]: pathlib.Path(line["store"]) for line in lines if line["status"] == "ok"}
        assert stores, "shelfmark wrote no stores"
        readers = snippets()
        failed = 0
        for name, store in stores.items():
            code = snippet(readers, name, store)
            if code is None:
                print(f"FAILED {name}: README.md has no snippet that reads it")
                failed += 1
                continue
            found = read(code, store)
            lossy = name.split(",")[0].endswith(":jpeg")
            ok = same(found, expected, lossy)
            # The comparison must be able to fail: one label changed, one pixel (or, if lossy, one image) changed.
            other = (expected[0].copy(), expected[1].copy())
            other[1][IMAGES // 2] ^= 1
            ok = ok and not same(found, other, lossy)
            other[1][IMAGES // 2] ^= 1
            if lossy:
                other[0][IMAGES // 2] ^= 8
            else:
                other[0][IMAGES // 3, 5, 5, 1] ^= 1
            ok = ok and not same(found, other, lossy)
            print(f"{'ok    ' if ok else 'FAILED'} {name}: {len(found[0])} of {found[0][0].shape} {found[0][0].dtype}")
            failed += not ok
        print(f"{len(stores) - failed} passed, {failed} failed")
        sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
