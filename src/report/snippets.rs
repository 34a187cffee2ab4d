//! How stores are read from Python: the blocks of README.md that the interop tests execute, word for word.

const README: &str = include_str!("../../README.md");

/// The block that reads stores of `format`, where there is one: options seldom change how a store is read.
pub(super) fn snippet(format: &str, ragged: bool) -> Option<&'static str> {
    let base = format.split(',').next().unwrap_or(format);
    let names = [format, base].into_iter();
    let ragged = names.clone().filter(|_| ragged).map(|name| format!("{name}(ragged)"));
    let wanted: Vec<String> = ragged.chain(names.map(str::to_owned)).collect();
    wanted.iter().find_map(|wanted| {
        README.split("```python\n# read: ").skip(1).find_map(|block| {
            let (names, rest) = block.split_once('\n')?;
            let (code, _) = rest.split_once("```")?;
            names.split_whitespace().any(|name| name == wanted).then_some(code.trim_end())
        })
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
                assert!(snippet(&format, ragged).is_some(), "{format}, ragged: {ragged}");
            }
        }
        assert!(snippet("lmdb:raw,keys=integer", false).unwrap().contains("struct.pack"));
        assert!(snippet("lmdb:raw,read=direct", true).unwrap().contains("offset=12"));
        assert_eq!(snippet("no:format", false), None);
    }
}
