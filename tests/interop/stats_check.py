"""Makes tests/interop/stats.json: tables, and the intervals that a second, independent implementation finds for them.

Usage: python tests/interop/stats_check.py   (needs numpy and scipy; run by hand, tests/stats.rs compares)

Written from the description in METHODOLOGY.md with other means than the Rust code: derivatives of the total ratio by
finite differences instead of formulas, critical values from SciPy, and the interval of a cell against the best by going
through every assumption about which cell is truly best.
"""

import json
import pathlib

import numpy as np
from scipy import stats

CONFIDENCE, DIFFER, TIE = 0.95, 1.02, 1.05


def log_time(weights, images, ns):
    """ln of total time an image of each cell, with weighted launches; arrays are launches x cells."""
    return np.log(weights @ ns) - np.log(weights @ images)


def influence(images, ns):
    """Derivative of log_time with respect to each launch's weight, times the number of launches: launches x cells."""
    launches = len(ns)
    rows = []
    for launch in range(launches):
        direction = np.eye(launches)[launch]

        def slope(step):
            up, down = (log_time(1 + sign * step * direction, images, ns) for sign in (1, -1))
            return (up - down) / (2 * step)

        rows.append((4 * slope(5e-4) - slope(1e-3)) / 3 * launches)  # Richardson's extrapolation
    return np.array(rows)


def sums(table):
    """Images and nanoseconds, launches x cells, of a table [launch][block][cell] of (images, ns)."""
    totals = np.array([np.sum(np.array(launch, float), axis=0) for launch in table])
    return totals[..., 0], totals[..., 1]


def standard_error(pulls):
    return np.std(pulls, ddof=1) / np.sqrt(len(pulls))


def judge(lo, hi):
    if lo > DIFFER:
        return "slower"
    if hi < 1 / DIFFER:
        return "faster"
    return "tied" if lo >= 1 / TIE and hi <= TIE else "inconclusive"


def interval(log, lo, hi, se, df, reach):
    detectable = np.log(DIFFER) + (reach + stats.t.ppf(0.8, df)) * se
    numbers = dict(ratio=log, lo=lo, hi=hi, min_detectable=detectable)
    found = {name: float(np.exp(value)) for name, value in numbers.items()}
    return found | dict(se_log=float(se), df=float(df), verdict=judge(found["lo"], found["hi"]))


def ratio(table, a, b):
    images, ns = sums(table)
    value, pulls = log_time(np.ones(len(ns)), images, ns), influence(images, ns)
    df = len(ns) - 1
    reach = stats.t.ppf((1 + CONFIDENCE) / 2, df)
    log, se = value[a] - value[b], standard_error(pulls[:, a] - pulls[:, b])
    return interval(log, log - reach * se, log + reach * se, se, df, reach)


def against_best(table):
    images, ns = sums(table)
    value, pulls = log_time(np.ones(len(ns)), images, ns), influence(images, ns)
    df, cells = len(ns) - 1, len(value)
    reach = stats.t.ppf((1 + CONFIDENCE ** (1 / (cells - 1))) / 2, df)
    best = int(np.argmin(value))
    spans = {cell: [] for cell in range(cells)}
    for truly in range(cells):
        others = [cell for cell in range(cells) if cell != truly]
        differences = {}
        for cell in others:
            log, se = value[cell] - value[truly], standard_error(pulls[:, cell] - pulls[:, truly])
            differences[cell] = (log - reach * se, log + reach * se)
        # If this cell were the best, every other would take at least as long: possible within these intervals?
        if all(hi >= 0 for _, hi in differences.values()):
            for cell in others:
                spans[cell].append(differences[cell])
    found = []
    for cell in range(cells):
        if cell != best:
            log, se = value[cell] - value[best], standard_error(pulls[:, cell] - pulls[:, best])
            lo, hi = min(lo for lo, _ in spans[cell]), max(hi for _, hi in spans[cell])
            found.append([cell, interval(log, lo, hi, se, df, reach)])
    return dict(best=best, others=found)


def rate(table, cell):
    images, ns = sums(table)
    blocks = [np.array([block[cell] for block in launch], float) for launch in table]
    unit_images, unit_ns = images[:, [cell]], ns[:, [cell]]
    if len(table) == 1:
        unit_images, unit_ns = blocks[0][:, [0]], blocks[0][:, [1]]
    se = standard_error(influence(unit_images, unit_ns)[:, 0])
    reach = stats.t.ppf((1 + CONFIDENCE) / 2, len(unit_ns) - 1) * se
    log = float(np.log(unit_images.sum() / unit_ns.sum() * 1e9))
    above = [np.log(b[:, 1] / b[:, 0]) - np.log(b[:, 1] / b[:, 0]).mean() for b in blocks if len(b) >= 4]
    total = sum((d**2).sum() for d in above)
    lag1 = float(sum((d[1:] * d[:-1]).sum() for d in above) / total) if above else None
    return dict(
        images_per_s=float(np.exp(log)), lo=float(np.exp(log - reach)), hi=float(np.exp(log + reach)),
        blocks=sum(map(len, blocks)), launches=len(table), lag1=lag1,
    )


def table(rng, launches, blocks, times, noise):
    """Uneven in images and, where `blocks` is a pair, in blocks a launch."""
    made = []
    for _ in range(launches):
        luck = rng.normal(0, noise, len(times))
        count = rng.integers(*blocks) if isinstance(blocks, tuple) else blocks
        launch = []
        for _ in range(count):
            images = rng.integers(500, 1500, len(times))
            slow = np.where(rng.random(len(times)) < 0.05, 2.0, 1.0)
            ns = images * times * 1e4 * np.exp(luck + rng.normal(0, 3 * noise, len(times))) * slow
            launch.append([[int(i), int(n)] for i, n in zip(images, ns)])
        made.append(launch)
    return made


def main():
    rng = np.random.default_rng(20)
    designs = [
        (4, 3, [1.0, 1.0], 0.01), (4, 3, [1.0, 1.3, 2.0], 0.01), (6, 5, [1.0, 1.01, 1.02, 1.5], 0.003),
        (10, 8, [1.3, 1.1, 1.0, 1.001, 1.05, 1.2], 0.003), (5, (2, 9), [2.0, 1.0, 1.9], 0.02), (2, 4, [1.0, 1.0], 0.001),
        (8, 4, [1.0, 0.5, 0.52, 0.9, 0.505], 0.03), (1, 6, [1.0, 2.0], 0.02), (10, 3, [1.0, 1.0], 0.001),
        (8, 6, [1.0, 0.8, 0.81], 0.002),
    ]
    cases = []
    for launches, blocks, times, noise in designs:
        work = table(rng, launches, blocks, np.array(times), noise)
        case = dict(table=work, rates=[rate(work, cell) for cell in range(len(times))])
        if launches > 1:
            case |= dict(ratio=ratio(work, 0, 1), against_best=against_best(work))
        cases.append(case)
    path = pathlib.Path(__file__).with_name("stats.json")
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    path.write_text(f"[\n{lines}\n]\n")
    verdicts = [other["verdict"] for case in cases for _, other in case.get("against_best", {"others": []})["others"]]
    print(path, {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))})


main()
