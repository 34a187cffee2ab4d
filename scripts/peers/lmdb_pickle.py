"""py-lmdb with pickled objects, as in "Three Ways of Storing and Accessing Lots of Images in Python" (Real Python, 2019).

shelfmark writes no pickles (reading one can run any program that is in it), so the objects are made of a store
`lmdb:raw`, in a temporary folder beside it.
"""

import os
import pickle
import tempfile

import lmdb
import numpy as np

import lmdb_raw
import worker


class StoredImage:
    """As in the article: pixels as bytes, the shape to make an array of them again, the label."""

    def __init__(self, image, label):
        self.channels = image.shape[2]
        self.size = image.shape[:2]
        self.image = image.tobytes()
        self.label = label

    def get_image(self):
        return np.frombuffer(self.image, dtype=np.uint8).reshape(*self.size, self.channels)


class Environment(worker.Store):
    def __init__(self, path, shape):
        self.environment = lmdb.open(path, readonly=True)
        self.shape = shape

    @classmethod
    def prepare(cls, path, shape, images):
        folder = tempfile.mkdtemp(prefix="pickled-", dir=os.path.dirname(path))
        raw = lmdb_raw.Environment(path, shape)
        size = 10 * os.path.getsize(f"{path}/data.mdb") + (10 << 20)  # the file is sparse
        pickled = lmdb.open(folder, map_size=size)
        with pickled.begin(write=True) as transaction:
            for index in range(images):
                transaction.put(f"{index:08}".encode("ascii"), pickle.dumps(StoredImage(*raw.read(index))))
        pickled.close()
        raw.close()
        return folder

    def read(self, index):
        with self.environment.begin() as transaction:
            stored = pickle.loads(transaction.get(f"{index:08}".encode("ascii")))
        return stored.get_image(), stored.label

    def read_batch(self, indices):
        with self.environment.begin() as transaction:
            stored = [pickle.loads(transaction.get(f"{index:08}".encode("ascii"))) for index in indices]
        images = [one.get_image() for one in stored]
        return (np.stack(images) if self.shape else images), [one.label for one in stored]

    def close(self):
        self.environment.close()


if __name__ == "__main__":
    version = f"{lmdb.__version__} (LMDB {'.'.join(map(str, lmdb.version()))})"
    worker.serve(Environment, "py-lmdb and pickle", version)
