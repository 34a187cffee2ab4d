//! Which Python runs the peers, and what it has.

use super::super::child::{self, Outcome};
use shelfmark::run::Peer;
use shelfmark::run::peers::{Package, PythonPeer};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Imports what it is given and prints, as JSON, what could not be imported and why. Imports may print, too: hence the
/// last line.
const QUESTION: &str = "
import importlib, json, sys
lacking = {}
for module in sys.argv[1:]:
    try:
        importlib.import_module(module)
    except Exception as error:
        lacking[module] = str(error)
print()
print(json.dumps(lacking))
";

/// Large packages take seconds when they are not in memory.
const LIMIT: Duration = Duration::from_secs(120);

/// How the peers are started, each with what it is missing. `given` is the interpreter that the user named; else it is
/// that of the checkout in which `program` lies, or the system's.
///
/// # Errors
/// When the interpreter that the user named cannot be started.
pub(super) fn peers(wanted: &[&PythonPeer], given: Option<&Path>, program: &Path) -> anyhow::Result<Vec<Peer>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let checkout = checkout_of(program);
    let made = || checkout.as_deref().and_then(made_in).unwrap_or_else(|| "python3".into());
    let python = given.map_or_else(made, Path::to_owned);
    let lacking = match ask(&python, wanted) {
        Ok(lacking) => Ok(lacking),
        Err(error) if given.is_some() => return Err(shelfmark::Error::Usage(format!("{error:#}")).into()),
        Err(error) => Err(format!("{error:#}; {}", remedy(checkout.as_deref(), &[]))),
    };
    let missing = |peer: &PythonPeer| match &lacking {
        Ok(lacking) => missing(peer, lacking, &python, checkout.as_deref()),
        Err(reason) => Some(reason.clone()),
    };
    Ok(wanted.iter().map(|peer| peer.peer(&python, missing(peer))).collect())
}

/// The checkout in which `program` was built.
fn checkout_of(program: &Path) -> Option<PathBuf> {
    program.ancestors().find(|folder| folder.join("scripts/peers").is_dir()).map(Path::to_owned)
}

/// The Python that scripts/peers/setup has made there.
fn made_in(checkout: &Path) -> Option<PathBuf> {
    Some(checkout.join(".venv/bin/python")).filter(|python| python.is_file())
}

/// What this interpreter lacks of what the peers need, by module, with the reason.
fn ask(python: &Path, wanted: &[&PythonPeer]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut arguments: Vec<OsString> = vec!["-c".into(), QUESTION.into()];
    let mut modules: Vec<&str> = wanted.iter().flat_map(|peer| peer.packages()).map(|package| package.module).collect();
    modules.sort_unstable();
    modules.dedup();
    arguments.extend(modules.into_iter().map(Into::into));
    let name = python.display();
    match child::run_program(python, &arguments, LIMIT)? {
        Outcome::Ended { stdout, stderr, .. } => {
            let said = String::from_utf8_lossy(&stdout);
            let answer = said.lines().last().unwrap_or_default();
            serde_json::from_str(answer).map_err(|_| anyhow::anyhow!("{name} is no Python that works: {stderr}"))
        }
        Outcome::Broken(how) => anyhow::bail!("asking {name} for its packages {how}"),
        Outcome::TimedOut => anyhow::bail!("{name} did not say in {} s which packages it has", LIMIT.as_secs()),
    }
}

/// The same words for all peers that lack the same package first, so that they can be told in one line.
fn missing(
    peer: &PythonPeer,
    lacking: &BTreeMap<String, String>,
    python: &Path,
    checkout: Option<&Path>,
) -> Option<String> {
    let lacks: Vec<Package> = peer.packages().filter(|package| lacking.contains_key(package.module)).collect();
    let first = lacks.first()?;
    let why = lacking.get(first.module)?;
    let remedy = remedy(checkout, if lacks.len() == 1 { &lacks } else { &[] });
    Some(format!("needs {} ({why}); {remedy} (asked was {})", first.name, python.display()))
}

/// What brings `packages` here; all that peers need, where none are named.
fn remedy(checkout: Option<&Path>, packages: &[Package]) -> String {
    let names: Vec<&str> = packages.iter().map(|package| package.name).collect();
    // All but PyTorch, which is large, come unasked.
    let extra = if names == ["torch"] { " torch" } else { "" };
    match checkout {
        Some(checkout) => {
            format!("run {}{extra}, or name a Python with --python", checkout.join("scripts/peers/setup").display())
        }
        None if names.is_empty() => {
            "install numpy, xxhash, pillow, lmdb and h5py, or name a Python with --python".into()
        }
        None => format!("install {}, or name a Python with --python", names.join(" ")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test that cannot go on shall say so
mod tests {
    use super::*;
    use shelfmark::run::peers::select;

    #[test]
    fn what_is_missing_is_named_with_its_remedy() {
        let wanted = select(&["python:pillow".into(), "python:lmdb-raw".into()]).unwrap();
        let lacking = BTreeMap::from([("PIL".to_owned(), "No module named 'PIL'".to_owned())]);
        let python = Path::new("/opt/python");
        let reason = missing(wanted[0], &lacking, python, None).unwrap();
        assert!(reason.contains("No module named 'PIL'") && reason.contains("install pillow"), "{reason}");
        let reason = missing(wanted[0], &lacking, python, Some(Path::new("/checkout"))).unwrap();
        assert!(reason.contains("run /checkout/scripts/peers/setup, or"), "{reason}");
        assert_eq!(missing(wanted[1], &lacking, python, None), None);
    }

    #[test]
    fn who_lacks_the_same_is_told_the_same() {
        let wanted = select(&["python".into()]).unwrap();
        let lacking: BTreeMap<String, String> =
            ["numpy", "PIL", "lmdb", "torch"].map(|module| (module.to_owned(), "none".to_owned())).into();
        let reasons: Vec<_> = wanted.iter().map(|peer| missing(peer, &lacking, Path::new("python"), None)).collect();
        let distinct: std::collections::BTreeSet<_> = reasons.iter().collect();
        assert!(reasons.iter().all(Option::is_some) && distinct.len() <= 2, "{distinct:?}");
        let torch = BTreeMap::from([("torch".to_owned(), "none".to_owned())]);
        let reason = missing(wanted[9], &torch, Path::new("python"), Some(Path::new("c"))).unwrap();
        assert!(reason.contains("run c/scripts/peers/setup torch,"), "{reason}");
    }

    #[test]
    fn a_python_that_was_named_and_is_none_is_an_error() {
        let wanted = select(&["python:pillow".into()]).unwrap();
        let nothing = Path::new("/no/such/python");
        let error = peers(&wanted, Some(nothing), nothing).unwrap_err().to_string();
        assert!(error.contains("/no/such/python"), "{error}");
        assert!(peers(&[], Some(nothing), nothing).unwrap().is_empty(), "nobody asked for it");
    }

    #[test]
    fn the_checkout_s_python_is_taken_where_there_is_one() {
        let checkout = tempfile::tempdir().unwrap();
        let program = checkout.path().join("target/debug/shelfmark");
        assert_eq!(checkout_of(&program), None);
        std::fs::create_dir_all(checkout.path().join("scripts/peers")).unwrap();
        assert_eq!(checkout_of(&program).as_deref(), Some(checkout.path()));
        assert_eq!(made_in(checkout.path()), None);
        let python = checkout.path().join(".venv/bin/python");
        std::fs::create_dir_all(python.parent().unwrap()).unwrap();
        std::fs::write(&python, "").unwrap();
        assert_eq!(made_in(checkout.path()), Some(python));
    }
}
