//! Several formats written as one: `hdf5:raw,chunk={1,64},deflate={0,6}` stands for four.

use crate::error::{Error, Result};

/// Formats that one pattern may stand for: each is written and measured.
const MOST: usize = 256;

/// The names that a pattern stands for, in its order, the last braces changing fastest; a name without braces stands for
/// itself.
///
/// # Errors
/// [`Error::Usage`] for braces that do not match, are empty or lie in one another, and for more than 256 formats.
pub fn expand(pattern: &str) -> Result<Vec<String>> {
    let refuse = |why: &str| Err(Error::Usage(format!("'{pattern}': {why}; write as in chunk={{1,64}}")));
    let mut names = vec![String::new()];
    let mut rest = pattern;
    while let Some(open) = rest.find(['{', '}']) {
        let (before, braces) = rest.split_at(open);
        let Some((inside, after)) = braces.strip_prefix('{').and_then(|inside| inside.split_once('}')) else {
            return refuse("braces do not match");
        };
        if inside.contains('{') {
            return refuse("braces lie in one another");
        }
        let values: Vec<&str> = inside.split(',').map(str::trim).collect();
        if values.contains(&"") {
            return refuse("a value is missing");
        }
        if names.len() * values.len() > MOST {
            return refuse("it stands for more than 256 formats");
        }
        names =
            names.iter().flat_map(|name| values.iter().map(move |value| format!("{name}{before}{value}"))).collect();
        rest = after;
    }
    names.iter_mut().for_each(|name| name.push_str(rest));
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_stands_once_and_in_order() {
        assert_eq!(expand("lmdb:raw").unwrap(), ["lmdb:raw"]);
        let all = expand("hdf5:raw,chunk={1, 64},deflate={0,6},read=direct").unwrap();
        assert_eq!(
            all,
            [(1, 0), (1, 6), (64, 0), (64, 6)].map(|(c, d)| format!("hdf5:raw,chunk={c},deflate={d},read=direct"))
        );
        assert_eq!(expand("{dir,lmdb}:png").unwrap(), ["dir:png", "lmdb:png"]);
        let eight = "{1,2,3,4,5,6,7,8}";
        assert_eq!(expand(&format!("{eight}{eight}{{1,2,3,4}}")).unwrap().len(), 256);
        for (wrong, why) in [
            ("a{1", "do not match"),
            ("a1}", "do not match"),
            ("a{1,{2}}", "in one another"),
            ("a{}", "a value is missing"),
            ("a{1,,2}", "a value is missing"),
            ("{1,2,3,4,5,6,7,8,9}{1,2,3,4,5,6,7,8,9}{1,2,3,4}", "more than 256"),
        ] {
            let said = expand(wrong).unwrap_err().to_string();
            assert!(said.contains(why), "{wrong}: {said}");
        }
    }
}
