"""The tfrecord package's messages, read at the places of its index (`tfrecord2idx`)."""

import glob
import os

import numpy as np
from importlib.metadata import version
from tfrecord import example_pb2

import worker


class Records(worker.Store):
    def __init__(self, path, shape):
        self.shape, self.files, self.places = shape, [], []
        for name in sorted(glob.glob(f"{path}/images-*.tfrecord")):
            index = np.loadtxt(os.path.splitext(name)[0] + ".tfindex", dtype=np.int64, ndmin=2)
            self.places += [(len(self.files), int(offset), int(length)) for offset, length in index]
            self.files.append(open(name, "rb"))

    def read(self, index):
        file, offset, length = self.places[index]
        self.files[file].seek(offset + 12)  # behind the length and its checksum
        example = example_pb2.Example()
        example.ParseFromString(self.files[file].read(length - 16))
        features = example.features.feature
        [value], [label] = features["image/encoded"].bytes_list.value, features["image/class/label"].int64_list.value
        return worker.raw_image(value, self.shape), label

    def close(self):
        for file in self.files:
            file.close()


if __name__ == "__main__":
    worker.serve(Records, "tfrecord", version("tfrecord"))
