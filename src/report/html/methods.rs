//! How it was measured, and what speaks against it: what a sceptic asks first.

use super::heading;
use std::fmt::Write as _;

/// What makes the numbers what they are.
const METHODS: [(&str, &str); 8] = [
    (
        "Verified",
        "Every store is read back whole and compared, pixels, labels and names, before it is measured; what each turn \
      delivered is compared by its checksum, outside the clock. What differs has failed and has no number.",
    ),
    (
        "The same work",
        "Every format delivers decoded pixels and the label into the caller's buffer. What is timed of opening, closing and \
      syncing is the same for all.",
    ),
    (
        "In turns",
        "Of a run (not of cargo bench) all competing cells take turns of a few milliseconds in blocks; each block comes once \
      more in reverse, each cell follows each other about equally often, and the worker process is started anew many times. \
      A slow spell of the machine hits all alike.",
    ),
    (
        "Intervals",
        "The launch of a worker is the unit. Intervals of the ratios to the best are simultaneous: all of a contest hold \
      together in 95 of 100 runs. Faster or slower is said where the interval lies beyond 2 % for certain, tied where it lies \
      within 5 %, else nothing is said.",
    ),
    (
        "Twins",
        "In every contest one format takes part twice, as two stores. How far these differ is how far this run can see.",
    ),
    (
        "References",
        "What the machine does with the same bytes in the same order takes part, too: one flat file, and copying in memory. \
      They are cells like others, no constants.",
    ),
    (
        "Cold",
        "Cold means that the file data was evicted and that the kernel was asked whether it was. What a virtual machine's host \
      keeps is out of reach; where it shows, nothing is ranked.",
    ),
    ("Exact counts", "Calls, bytes and faults are counted in a pass of their own, of the timed work alone."),
];

/// What may be in the way of a fair comparison.
const BIAS: [&str; 6] = [
    "The authors use each format through one library, in the way that they found fastest. Who knows a format better may find a faster \
     one; the options in force are on the page.",
    "Python peers are read the way people commonly write it, each in a process of its own; what that process costs is measured, and shown \
     where it took part.",
    "Readers that go past a format's library (read=direct) are the authors' own. They are shown as bounds, and are not ranked.",
    "Formats of many small files depend on the file system more than others: another one may turn their numbers around.",
    "Images that repeat, or that a generator made, compress and cache like themselves, not like yours.",
    "One machine is one machine. Nothing is averaged over several.",
];

/// Writes the section.
pub(super) fn methods(out: &mut String) {
    heading(out, 2, "methods", "How it was measured, and what speaks against it");
    out.push_str("<dl class=\"methods\">\n");
    for (term, text) in METHODS {
        let _ = writeln!(out, "<div><dt>{term}</dt><dd>{text}</dd></div>");
    }
    out.push_str("</dl>\n<p>What may be in the way of a fair comparison:</p>\n<ul class=\"bias\">\n");
    for text in BIAS {
        let _ = writeln!(out, "<li>{text}</li>");
    }
    out.push_str("</ul>\n");
}
