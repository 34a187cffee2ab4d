//! How stores are read from Python: the blocks of README.md that the interop tests execute, word for word.

use crate::store::FormatId;

const README: &str = include_str!("../../README.md");

/// The text that reads stores of `format`, where there is one: a block for the whole format, or one that takes records out of
/// its container and one that makes images of them.
pub(super) fn snippet(format: &str, ragged: bool) -> Option<String> {
    let id: FormatId = format.parse().ok()?;
    let FormatId { container, codec, options } = &id;
    // What images are, comes first; options seldom change how a store is read.
    let whole = format!("{container}:{codec}");
    if let Some(code) = block("read", format)
        .or_else(|| block("read", &whole))
        .filter(|_| !ragged || block("records", container).is_none() || codec == "bincode")
    {
        return Some(code.to_owned());
    }
    let with_option = options.iter().find_map(|(key, value)| block("records", &format!("{container},{key}={value}")));
    let records = with_option.or_else(|| block("records", container))?;
    let of_ragged = block("images", &format!("{codec}(ragged)")).filter(|_| ragged);
    let images = of_ragged.or_else(|| block("images", codec))?;
    Some(format!("{records}\n\n{images}"))
}

/// The block that begins with `# KIND: NAME ...`, one of whose names is `name`.
fn block(kind: &str, name: &str) -> Option<&'static str> {
    README.split(&format!("```python\n# {kind}: ")).skip(1).find_map(|block| {
        let (names, rest) = block.split_once('\n')?;
        let (code, _) = rest.split_once("```")?;
        names.split_whitespace().any(|one| one == name).then_some(code.trim_end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::registry::rows;

    #[test]
    fn every_format_has_its_snippet() {
        for row in rows() {
            let format = row.id.to_string();
            for ragged in [false, true] {
                // There is no library for Python, or none that its own people keep.
                let none = matches!(row.id.container.as_str(), "redb" | "rocksdb");
                assert_eq!(snippet(&format, ragged).is_none(), none, "{format}, ragged: {ragged}");
            }
        }
        assert!(snippet("lmdb:raw,keys=integer", false).unwrap().contains("struct.pack"));
        assert!(snippet("lmdb:raw,read=direct", true).unwrap().contains("offset=12"));
        assert!(snippet("hdf5:raw", false).unwrap().contains("file[\"images\"]"));
        assert!(snippet("hdf5:raw", true).unwrap().contains("file[\"offsets\"]"));
        assert!(snippet("hdf5:png,ragged=vlen", true).unwrap().contains("file[\"records\"]"));
        assert_eq!(snippet("no:format", false), None);
    }
}
