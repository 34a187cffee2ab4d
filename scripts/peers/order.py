"""In which order images are asked for, as in src/workload/order.rs."""

import numpy as np

BATCH = 256


class Order:
    """A resumable cursor over a set of images; the draws are numpy's."""

    def __init__(self, workload, images, seed):
        self.draw = {
            "read_one": self.uniform,
            "read_batch": self.run,
            "scan": self.sequential,
            "epoch": self.shuffled,
        }[workload]
        self.consecutive = workload in ("read_batch", "scan")
        self.images = images
        self.rng = np.random.default_rng(seed)
        self.rest = []  # of the pass under way
        if workload == "scan" and images:
            # As in Rust: turns that are shorter than a pass would otherwise all read the same images.
            batches = -(-images // BATCH)
            start = (((seed * 0x9E3779B97F4A7C15) % 2**64 * batches) >> 64) * BATCH
            self.rest = list(range(start, images))

    def next(self, want):
        """The next numbers: `want` of them, fewer at the end of a pass or of a small set, none of an empty one."""
        return self.draw(want) if self.images else []

    def uniform(self, want):
        return self.rng.integers(0, self.images, want).tolist()

    def run(self, want):
        length = min(want, self.images)
        start = int(self.rng.integers(0, self.images - length + 1))
        return list(range(start, start + length))

    def sequential(self, want):
        self.rest = self.rest or list(range(self.images))
        return self.take(want)

    def shuffled(self, want):
        self.rest = self.rest or self.rng.permutation(self.images).tolist()
        return self.take(want)

    def take(self, want):
        taken, self.rest = self.rest[:want], self.rest[want:]
        return taken
