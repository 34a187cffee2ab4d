//! What there is to know of each run.

use crate::results::Results;
use serde::Serialize;

/// One of the two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The file.
    pub file: String,
    /// The run's unique name.
    pub run: String,
    /// When it began.
    pub started_utc: String,
    /// The source it was built from.
    pub git_sha: Option<String>,
    /// Whether that was changed.
    pub dirty: Option<bool>,
    /// How thorough it was.
    pub profile: String,
    /// Whether it reached its end.
    pub complete: bool,
    /// The processor.
    pub cpu: String,
    /// Logical processors.
    pub cores: usize,
    /// File system of the place.
    pub fs: Option<String>,
    /// The kernel.
    pub kernel: String,
}

impl Side {
    pub(super) fn of(results: &Results, file: &str) -> Self {
        let (run, host) = (&results.run, &results.host);
        Self {
            file: file.into(),
            run: run.id.clone(),
            started_utc: run.started_utc.clone(),
            git_sha: run.git.sha.clone(),
            dirty: run.git.dirty,
            profile: run.profile.clone(),
            complete: run.complete,
            cpu: host.cpu.clone(),
            cores: host.cores,
            fs: host.place.fs.clone(),
            kernel: host.kernel.clone(),
        }
    }

    /// The run in a few words.
    pub(super) fn words(&self) -> String {
        // A commit is told from others by its beginning; what is no commit is cut, too.
        let sha = self.git_sha.as_deref().map(|sha| sha.chars().take(12).collect::<String>());
        let sha = sha.unwrap_or_else(|| "unknown source".into());
        let dirty = if self.dirty == Some(true) { " with changes" } else { "" };
        let cut = if self.complete { "" } else { ", cut short" };
        format!("{}: {sha}{dirty}, {}, profile {}{cut}", self.file, self.started_utc, self.profile)
    }
}

/// What should be known about the two together.
pub(super) fn notes(base: &Side, head: &Side) -> Vec<String> {
    let mut notes = Vec::new();
    if base.run == head.run {
        notes.push("Both are the same run.".to_owned());
    } else if head.started_utc < base.started_utc {
        notes.push("The head began before the base: are the two the wrong way round?".to_owned());
    }
    for (side, which) in [(base, "base"), (head, "head")] {
        if !side.complete {
            notes.push(format!("The {which} was cut short: there are no verdicts on times."));
        }
    }
    if (&base.cpu, base.cores) != (&head.cpu, head.cores) {
        let said = |side: &Side| format!("{} ({} processors)", side.cpu, side.cores);
        notes.push(format!(
            "Different machines: {} and {}; differences of times are those of the machines, too.",
            said(base),
            said(head)
        ));
    } else if base.kernel != head.kernel {
        notes.push(format!("Different kernels: {} and {}.", base.kernel, head.kernel));
    }
    if base.fs != head.fs {
        let said = |side: &Side| side.fs.clone().unwrap_or_else(|| "unknown".into());
        notes.push(format!("Different file systems: {} and {}.", said(base), said(head)));
    }
    notes
}
