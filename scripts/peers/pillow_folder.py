"""Pillow over a folder of PNG files, with the labels in a table beside them."""

import csv
import os

import numpy as np
import PIL
from PIL import Image

import worker


class Folder(worker.Store):
    def __init__(self, path, shape):
        with open(f"{path}/labels.csv") as table:
            rows = list(csv.DictReader(table))
        self.files = [f"{path}/images/{row['file']}" for row in rows]
        self.labels = [int(row["label"]) for row in rows]
        self.shape = shape

    def read(self, index):
        return np.array(Image.open(self.files[index])), self.labels[index]

    @classmethod
    def write(cls, path, images, labels):
        os.makedirs(f"{path}/images")
        with open(f"{path}/labels.csv", "w", newline="") as table:
            rows = csv.writer(table)
            rows.writerow(["file", "label"])
            for index, (image, label) in enumerate(zip(images, labels)):
                file = f"{index:08}.png"
                Image.fromarray(image).save(f"{path}/images/{file}")
                rows.writerow([file, label])


if __name__ == "__main__":
    worker.serve(Folder, "Pillow", PIL.__version__)
