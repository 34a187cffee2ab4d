"""Pages to be looked at: made by `shelfmark report` from results of cargo bench, from a run of a few seconds, and from results
that mean no good.
"""

import copy
import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "browser" / "sample.json"
# What a name may hold that would do something if it became markup, or script within a script, or style.
EVIL = (
    "\"'></script></style></textarea><script>window.hacked=1</script><img src=x onerror=window.hacked=1>"
    "&|`${window.hacked=1}`\u202e\u0001<b data-hacked>=cmd|/c\\"
)
# Names that cells and verdicts know one another by, and words that say what a cell is.
KEPT = {"schema", "kind", "status", "id", "best", "other"}


def pages(program, folder, run):
    """Name -> HTML file, of results of a run among others. What they are made of differs in what could go wrong with it."""
    sample = json.loads(SAMPLE.read_text())
    inputs = {
        "sample": [sample],
        "run": [run],
        "several runs": [sample, run],
        "hostile names": [poisoned(run)],
        "long names": [renamed(sample, lambda name: f"{name},{'option=value,' * 12}{'x' * 90}")],
        "nothing measured": [unmeasured(sample)],
        "extreme numbers": [extreme(sample)],
        "one cell": [{**copy.deepcopy(sample), "cells": sample["cells"][:1], "comparisons": []}],
    }
    return {name: report(program, folder / name.replace(" ", "-"), results) for name, results in inputs.items()}


def report(program, folder, results):
    """The page of these results."""
    folder.mkdir()
    files = []
    for nth, result in enumerate(results):
        files.append(folder / f"input-{nth}.json")
        files[-1].write_text(json.dumps(result))
    subprocess.run([program, "report", *files, "-o", folder / "page"], check=True, stdout=subprocess.DEVNULL)
    return folder / "page" / "index.html"


def measured(program, folder):
    """Results of a short run, with verdicts, references, a null twin, a peer, and one that cannot take part."""
    command = [
        program, "run", "--dataset", "synthetic:16x16x3", "--images", "300", "--formats", "dir:raw", "dir:png", "lmdb:raw",
        "hdf5:raw", "dir:source", "--workloads", "epoch", "read_one", "write_batch", "--budget", "1",
        "--dir", folder / "stores", "--out", folder / "measured",
    ]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    file = folder / "measured" / "results.json"
    assert file.exists(), f"shelfmark run ended with {done.returncode}: {done.stderr}"
    results = json.loads(file.read_text())
    # Peers take seconds to start, and the page does not know what they are: what others measured will do.
    for cell in [cell for cell in results["cells"] if cell["kind"] == "format" and cell["format"] in ("dir:png", "dir:source")]:
        name = {"dir:png": "python:pillow", "dir:source": "python:torch-png"}[cell["format"]]
        peer = {**copy.deepcopy(cell), "kind": "peer", "format": name, "capabilities": None}
        results["cells"].append({**peer, "id": "peer " + cell["id"].replace(cell["format"], name)})
    return results


def poisoned(results):
    """Every text of the results followed by what must not become markup."""

    def poison(value, field=""):
        if isinstance(value, str):
            return value if field in KEPT else value + EVIL
        if isinstance(value, list):
            return [poison(item, field) for item in value]
        if isinstance(value, dict):
            return {name: poison(item, name) for name, item in value.items()}
        return value

    return poison(results)


def renamed(results, rename):
    """The same with other names of formats, workloads left as they are."""
    results = copy.deepcopy(results)
    for cell in results["cells"]:
        cell["format"] = rename(cell["format"])
    for dataset in results["datasets"]:
        dataset["name"] = rename(dataset["name"])
    return results


def unmeasured(results):
    """Nothing went well."""
    results = copy.deepcopy(results)
    ends = [("failed", "killed by signal 7 (SIGBUS)"), ("timeout", "no answer within 60 s"), ("skipped", "not selected")]
    for nth, cell in enumerate(results["cells"]):
        cell["status"], cell["reason"] = ends[nth % len(ends)]
        cell["estimate"] = cell["storage"] = cell["verified"] = None
    return results


def extreme(results):
    """Rates that are as far apart as can be, with intervals as wide."""
    results = copy.deepcopy(results)
    for nth, cell in enumerate(results["cells"]):
        rate = [1e-6, 1.0, 1e12][nth % 3]
        if cell["estimate"]:
            cell["estimate"].update(images_per_s=rate, lo=rate / 1e4, hi=rate * 1e4)
    return results
