"""PyTorch's DataLoader, in this process (num_workers=0), over the Dataset that people write for each kind of store.

Usage: torch_dataloader.py png|lmdb|h5py
"""

import sys

import torch
from torch.utils.data import DataLoader, Dataset

import worker


class Samples(Dataset):
    """One sample by number, as the loader asks for it."""

    def __init__(self, store):
        self.store = store

    def __getitem__(self, index):
        image, label = self.store.read(index)
        return torch.tensor(image), int(label)


class Batches:
    """A batch sampler that says what it is told: which images are asked for is not the loader's to draw here."""

    def __iter__(self):
        while True:
            yield self.indices


def loader(kind):
    """The store class that reads through a DataLoader what `kind` reads."""

    class Loader(worker.Store):
        def __init__(self, path, shape):
            if shape is None:
                raise worker.Unsupported("the DataLoader stacks images, which images of different shapes refuse")
            self.store = kind(path, shape)
            self.sampler = Batches()
            self.batches = iter(DataLoader(Samples(self.store), batch_sampler=self.sampler))

        def read(self, index):
            return self.store.read(index)

        def read_batch(self, indices):
            self.sampler.indices = indices
            return next(self.batches)

        def close(self):
            self.store.close()

    return Loader


def kind(name):
    if name == "png":
        from pillow_folder import Folder as kind
    elif name == "lmdb":
        from lmdb_raw import Environment as kind
    elif name == "h5py":
        from h5py_single import File as kind
    else:
        sys.exit(__doc__)
    return kind


if __name__ == "__main__":
    torch.set_num_threads(1)
    worker.serve(loader(kind(sys.argv[1])), "PyTorch", torch.__version__)
