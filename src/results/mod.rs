//! What a run found, in a versioned shape: `schema/results.v1.json` is generated from these types.

mod cell_id;
pub mod host;
mod only;
mod schema;

pub use cell_id::CellId;
pub use only::Only;
pub use schema::*;

use crate::error::{Error, IoContext, Result};
use std::path::Path;

impl Results {
    /// Reads a results file.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read, [`Error::Results`] when it is no results file of version 1.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).at("read", path)?;
        let refuse = |cause: String| Error::Results {
            path: path.to_owned(),
            cause,
            remedy: format!("give a file that shelfmark wrote, with schema \"{SCHEMA_ID}\""),
        };
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|e| refuse(format!("this is not JSON ({e})")))?;
        match value.get("schema").and_then(|s| s.as_str()) {
            Some(SCHEMA_ID) => {}
            Some(other) => return Err(refuse(format!("its schema is \"{other}\", not \"{SCHEMA_ID}\""))),
            None => return Err(refuse("it has no field \"schema\"".into())),
        }
        serde_json::from_value(value).map_err(|e| refuse(format!("a field is missing or wrong ({e})")))
    }

    /// Writes the results beside `path` and renames them into place: no reader sees half a file.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder cannot be made or written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(std::io::Error::from).at("serialise", path)?;
        write_whole(path, numbers_in_a_line(&text).as_bytes())
    }
}

/// JSON whose lists of numbers (a cell's turns, thousands of them) take a line each, not one for each number.
fn numbers_in_a_line(pretty: &str) -> String {
    let mut out = String::with_capacity(pretty.len());
    let (mut in_text, mut escaped, mut rest) = (false, false, pretty);
    while let Some(c) = rest.chars().next() {
        let list = (c == '[' && !in_text).then(|| rest.split_once(']')).flatten();
        let numbers = |(list, _): &(&str, &str)| {
            list[1..].chars().all(|c| c.is_ascii_digit() || c.is_ascii_whitespace() || ",.-+eE".contains(c))
        };
        if let Some((list, after)) = list.filter(numbers) {
            out += "[";
            out += &list[1..].split(',').map(str::trim).collect::<Vec<_>>().join(",");
            out += "]";
            rest = after;
            continue;
        }
        in_text ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// Writes a file under a temporary name beside `path` and renames it into place, making the folder where needed. A device or
/// a pipe is written to as it stands: a file renamed into its place would take it away from everybody.
///
/// # Errors
/// [`Error::Io`] when the folder or file cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return std::fs::write(path, bytes).at("write", path);
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).at("create", folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).at("create a file in", folder)?;
    std::io::Write::write_all(&mut file, bytes).at("write", path)?;
    // Temporary files are private by default; a report is for colleagues.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).at("write", path)?;
    }
    file.persist(path).map_err(|e| e.error).at("rename into place", path)?;
    Ok(())
}

/// The JSON schema of results files, as committed under `schema/`.
pub fn json_schema() -> String {
    let schema = schemars::schema_for!(Results);
    // Serialising a schema (a JSON value) to a string cannot fail: it has string keys only.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn lists_of_numbers_take_a_line_and_mean_the_same() {
        let value = serde_json::json!({
            "turns": [1, 2.5, -3, 1e300], "none": [], "words": ["[1,\n 2]", "a \\\" [3, 4]", "\\"], "lists": [[1, 2], [3]], "mixed": [1, null],
        });
        let text = numbers_in_a_line(&serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
        assert!(
            text.contains("\"turns\": [1,2.5,-3,1e+300]") || text.contains("\"turns\": [1,2.5,-3,1e300]"),
            "{text}"
        );
        assert!(text.contains("[1,2]") && text.lines().count() > 10, "{text}");
    }

    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        // Through a link: were it replaced, only the link would be lost.
        let link = folder.path().join("out");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        write_whole(&link, b"text").unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        let file = folder.path().join("made/file");
        write_whole(&file, b"one").unwrap();
        write_whole(&file, b"two").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"two");
    }
}
