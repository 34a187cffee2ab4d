"""MosaicML's LocalDataset over its shards: samples by number, a file opened for each, as the library does it."""

import absent
import worker

WITHOUT = absent.lacks("torch")
with absent.stand_in():
    import streaming


class Shards(worker.Store):
    def __init__(self, path, shape):
        self.samples, self.shape = streaming.LocalDataset(path), shape

    def read(self, index):
        sample = self.samples[index]
        return worker.raw_image(sample["image"], self.shape), sample["label"]


if __name__ == "__main__":
    worker.serve(Shards, "mosaicml-streaming", streaming.__version__ + (", PyTorch's names stood in for" if WITHOUT else ""))
