"""h5py, one image at a time: `file["images"][index]`."""

import h5py

import worker


class File(worker.Store):
    def __init__(self, path, shape):
        self.file = h5py.File(f"{path}/images.h5")
        self.labels = self.file["labels"][:]
        if shape is None:  # one after the other, each beginning with its height, width and channels
            self.values, self.offsets = self.file["values"], self.file["offsets"][:]
        else:
            self.images = self.file["images"]
        self.shape = shape

    def read(self, index):
        if self.shape is None:
            record = self.values[self.offsets[index] : self.offsets[index + 1]]
            return record[12:].reshape(record[:12].view("<u4")), self.labels[index]
        return self.images[index], self.labels[index]

    def close(self):
        self.file.close()


if __name__ == "__main__":
    worker.serve(File, "h5py", f"{h5py.__version__} (HDF5 {h5py.version.hdf5_version})")
