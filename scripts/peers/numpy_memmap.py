"""numpy.memmap over the bytes of a contiguous HDF5 dataset: HDF5 says where they begin, and is not asked again."""

import h5py
import numpy as np

import worker


class Mapped(worker.Store):
    def __init__(self, path, shape):
        if shape is None:
            raise worker.Unsupported("images of different shapes are no array that could be mapped")
        with h5py.File(f"{path}/images.h5") as file:
            images = file["images"]
            self.labels = file["labels"][:]
            self.images = np.memmap(file.filename, np.uint8, "r", images.id.get_offset(), images.shape)

    # Indexing by a number or a slice only points into the file: np.array reads it. Indexing by a list does so itself.

    def read(self, index):
        return np.array(self.images[index]), self.labels[index]

    def read_batch(self, indices):
        return self.images[indices], self.labels[indices]

    def read_slice(self, start, stop):
        return np.array(self.images[start:stop]), self.labels[start:stop]


if __name__ == "__main__":
    worker.serve(Mapped, "numpy", f"{np.__version__} (h5py {h5py.__version__})")
