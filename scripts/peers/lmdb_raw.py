"""py-lmdb with bare pixels behind the label (four bytes, little-endian), under the number as eight digits."""

import lmdb
import numpy as np

import worker


class Environment(worker.Store):
    def __init__(self, path, shape):
        self.environment = lmdb.open(path, readonly=True, lock=False)
        self.shape = shape

    def read(self, index):
        with self.environment.begin() as transaction:
            return self.decode(transaction.get(f"{index:08}".encode()))

    def read_batch(self, indices):
        with self.environment.begin() as transaction:
            samples = [self.decode(transaction.get(f"{index:08}".encode())) for index in indices]
        images, labels = zip(*samples)
        return (np.stack(images) if self.shape else images), labels

    def decode(self, value):
        label = int.from_bytes(value[:4], "little")
        if self.shape is None:  # each image begins with its height, width and channels
            shape = np.frombuffer(value, "<u4", count=3, offset=4)
            return np.frombuffer(value, np.uint8, offset=16).reshape(shape), label
        return np.frombuffer(value, np.uint8, offset=4).reshape(self.shape), label

    def close(self):
        self.environment.close()


if __name__ == "__main__":
    worker.serve(Environment, "py-lmdb", f"{lmdb.__version__} (LMDB {'.'.join(map(str, lmdb.version()))})")
