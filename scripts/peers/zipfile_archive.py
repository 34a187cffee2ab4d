"""Python's zipfile over an archive of uncompressed files, with the labels in dataset.json, as StyleGAN's loader has it."""

import json
import platform
import zipfile

import worker


class Archive(worker.Store):
    def __init__(self, path, shape):
        self.archive = zipfile.ZipFile(f"{path}/images.zip")
        self.rows = json.loads(self.archive.read("dataset.json"))["labels"]
        self.shape = shape

    def read(self, index):
        name, label = self.rows[index]
        return worker.raw_image(self.archive.read(name), self.shape), label

    def close(self):
        self.archive.close()


if __name__ == "__main__":
    worker.serve(Archive, "zipfile", platform.python_version())
