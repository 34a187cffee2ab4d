//! A history's file: a line of JSON for each run.

use super::{Entry, SCHEMA_ID};
use crate::error::{Error, IoContext, Result};
use crate::results::{Results, Status};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// What became of a run that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is in the history now.
    Now,
    /// It was there before: nothing was done.
    Before,
}

/// The runs of a history, in the order of its lines.
///
/// # Errors
/// [`Error::Io`] when it cannot be read; [`Error::Results`] when a line is damaged, with the line's number.
pub fn read(path: &Path) -> Result<Vec<Entry>> {
    parse(path, &std::fs::read_to_string(path).at("read", path)?)
}

/// Adds a run as a last line, unless it is there already. A file that does not exist is made.
///
/// # Errors
/// [`Error::Results`] when nothing was measured in the run, or when a line of the history is damaged: what comes behind
/// half a line would be lost with it. [`Error::Io`] when the file cannot be read or written.
pub fn add(results: &Results, path: &Path) -> Result<Added> {
    if !results.cells.iter().any(|cell| cell.status == Status::Ok) {
        return Err(Error::Usage(format!("nothing was measured in {}: there is nothing to add", results.run.id)));
    }
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        text => text.at("read", path)?,
    };
    if parse(path, &text)?.iter().any(|entry| entry.run == results.run.id) {
        return Ok(Added::Before);
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).at("create", folder)?;
    }
    let line = serde_json::to_string(&Entry::of(results)).map_err(std::io::Error::from).at("serialise", path)?;
    // Written by hand, the last line may lack its end.
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).at("open", path)?;
    // One call: two that add at a time do not mix their lines.
    file.write_all(format!("{end}{line}\n").as_bytes()).and_then(|()| file.sync_all()).at("write", path)?;
    Ok(Added::Now)
}

fn parse(path: &Path, text: &str) -> Result<Vec<Entry>> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let entry = |(nth, line): (usize, &str)| {
        let damaged = |cause: String| Error::Results {
            path: path.to_owned(),
            cause: format!("line {} is damaged: {cause}", nth + 1),
            remedy: "remove that line (each run is a line of its own), then add its run again".into(),
        };
        let value: serde_json::Value =
            serde_json::from_str(line).map_err(|error| damaged(format!("it is not JSON ({error})")))?;
        match value.get("schema").and_then(|schema| schema.as_str()) {
            Some(SCHEMA_ID) => {}
            other => return Err(damaged(format!("its schema is {other:?}, not \"{SCHEMA_ID}\""))),
        }
        serde_json::from_value(value).map_err(|error| damaged(format!("a field is missing or wrong ({error})")))
    };
    lines.map(entry).collect()
}
