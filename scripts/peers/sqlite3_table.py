"""Python's sqlite3 over a table of blobs, opened as one that nobody writes to."""

import sqlite3
from urllib.parse import quote

import numpy as np

import worker


class Table(worker.Store):
    def __init__(self, path, shape):
        self.database = sqlite3.connect(f"file:{quote(path)}/images.sqlite?immutable=1", uri=True)
        self.shape = shape

    def read(self, index):
        query = "SELECT label, image FROM images WHERE id = ?"
        label, value = self.database.execute(query, (index,)).fetchone()
        return worker.raw_image(value, self.shape), label

    def read_slice(self, start, stop):
        query = "SELECT label, image FROM images WHERE id >= ? AND id < ? ORDER BY id"
        labels, values = zip(*self.database.execute(query, (start, stop)))
        images = [worker.raw_image(value, self.shape) for value in values]
        return (images if self.shape is None else np.stack(images)), labels

    def close(self):
        self.database.close()


if __name__ == "__main__":
    worker.serve(Table, "sqlite3", sqlite3.sqlite_version)
