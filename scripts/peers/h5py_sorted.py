"""h5py, batch by batch: slices in order; shuffled, sorted fancy indexing (HDF5 wants increasing numbers), then unsorted."""

import h5py
import numpy as np

import worker


class File(worker.Store):
    def __init__(self, path, shape):
        if shape is None:
            raise worker.Unsupported("hdf5:raw keeps images of different shapes as records, which have no fancy indices")
        self.file = h5py.File(f"{path}/images.h5")
        self.images, self.labels = self.file["images"], self.file["labels"][:]

    def read(self, index):
        return self.images[index], self.labels[index]

    def read_batch(self, indices):
        indices = np.array(indices)
        order = np.argsort(indices)
        images = np.empty((len(indices), *self.images.shape[1:]), np.uint8)
        images[order] = self.images[indices[order]]
        return images, self.labels[indices]

    def read_slice(self, start, stop):
        return self.images[start:stop], self.labels[start:stop]

    def close(self):
        self.file.close()


if __name__ == "__main__":
    worker.serve(File, "h5py", f"{h5py.__version__} (HDF5 {h5py.version.hdf5_version})")
