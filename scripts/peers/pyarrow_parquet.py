"""pyarrow over Parquet: the row group that holds an image is read and kept until another is asked for."""

import bisect

import pyarrow as pa
import pyarrow.parquet as pq

import worker


class Rows(worker.Store):
    def __init__(self, path, shape):
        self.file, self.shape = pq.ParquetFile(f"{path}/images.parquet", memory_map=True), shape
        metadata = self.file.metadata
        self.firsts = [0]
        for group in range(metadata.num_row_groups):
            self.firsts.append(self.firsts[-1] + metadata.row_group(group).num_rows)
        self.kept = None

    def read(self, index):
        group = bisect.bisect_right(self.firsts, index) - 1
        if self.kept != group:
            table = self.file.read_row_group(group, use_threads=False)
            self.images, self.labels = table["image"], table["label"]
            self.kept = group
        row = index - self.firsts[group]
        return worker.raw_image(self.images[row].as_buffer(), self.shape).copy(), self.labels[row].as_py()

    def close(self):
        self.images = self.labels = self.kept = None
        self.file.close()


if __name__ == "__main__":
    worker.serve(Rows, "pyarrow", pa.__version__)
