"""zarr over an array in chunks and shards: slices in order; shuffled, one selection for a batch."""

import numpy as np
import zarr

import worker


class Array(worker.Store):
    def __init__(self, path, shape):
        if shape is None:
            raise worker.Unsupported("an array has one shape")
        self.images = zarr.open_array(f"{path}/images.zarr", mode="r")
        self.labels = zarr.open_array(f"{path}/labels.zarr", mode="r")[:]

    def read(self, index):
        return self.images[index], self.labels[index]

    def read_batch(self, indices):
        indices = np.array(indices)
        return self.images.oindex[indices], self.labels[indices]

    def read_slice(self, start, stop):
        return self.images[start:stop], self.labels[start:stop]


if __name__ == "__main__":
    worker.serve(Array, "zarr", zarr.__version__)
