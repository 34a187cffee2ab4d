"""numpy.memmap over a flat file: the pixels of all images one after another, and labels beside them."""

import numpy as np

import worker


class Mapped(worker.Store):
    def __init__(self, path, shape):
        if shape is None:
            raise worker.Unsupported("images of different shapes are no array that could be mapped")
        self.labels = np.fromfile(f"{path}/labels.bin", "<u4")
        self.images = np.memmap(f"{path}/images.bin", np.uint8, "r", shape=(len(self.labels), *shape))

    # Indexing by a number or a slice only points into the file: np.array reads it. Indexing by a list does so itself.

    def read(self, index):
        return np.array(self.images[index]), self.labels[index]

    def read_batch(self, indices):
        return self.images[indices], self.labels[indices]

    def read_slice(self, start, stop):
        return np.array(self.images[start:stop]), self.labels[start:stop]


if __name__ == "__main__":
    worker.serve(Mapped, "numpy", np.__version__)
