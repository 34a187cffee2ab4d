"""pyarrow over a mapped IPC file, batch by batch, as Hugging Face's datasets read theirs."""

import bisect

import pyarrow as pa

import worker


class Batches(worker.Store):
    def __init__(self, path, shape):
        self.map, self.shape = pa.memory_map(f"{path}/images.arrow"), shape
        reader = pa.ipc.open_file(self.map)
        batches = [reader.get_batch(number) for number in range(reader.num_record_batches)]
        self.images = [batch.column("image") for batch in batches]
        self.labels = [batch.column("label") for batch in batches]
        self.firsts = [0]
        for batch in batches:
            self.firsts.append(self.firsts[-1] + batch.num_rows)

    def read(self, index):
        batch = bisect.bisect_right(self.firsts, index) - 1
        row = index - self.firsts[batch]
        value = self.images[batch][row].as_buffer()
        return worker.raw_image(value, self.shape).copy(), self.labels[batch][row].as_py()

    def close(self):
        self.images = self.labels = None
        self.map.close()


if __name__ == "__main__":
    worker.serve(Batches, "pyarrow", pa.__version__)
