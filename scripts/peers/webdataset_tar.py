"""webdataset over shards of tar, in their order: what it is made for. It has no samples by number, and so no shuffle of a
whole set: its own mixes what passes by in a buffer."""

import glob

import webdataset

import worker


class Shards(worker.Store):
    def __init__(self, path, shape):
        self.shards = sorted(glob.glob(f"{path}/images-*.tar"))
        self.shape, self.next = shape, None

    def start(self):
        self.samples = iter(webdataset.WebDataset(self.shards, shardshuffle=False))
        self.next = 0

    def sample(self):
        sample = next(self.samples)
        self.next += 1
        return worker.raw_image(sample["raw"], self.shape), int(sample["cls"])

    def read(self, index):
        if self.next is None or self.next > index:
            self.start()
        while self.next < index:  # it has no other way to get there
            self.sample()
        return self.sample()

    def close(self):
        self.samples = None


if __name__ == "__main__":
    worker.serve(Shards, "webdataset", webdataset.__version__)
