//! Which Python runs the peers, and what it has.

use super::super::child::{self, Outcome};
use shelfmark::run::Peer;
use shelfmark::run::peers::{Package, PythonPeer};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Imports what it is given (looks only whether it is there, where that ends with a `?`) and prints, as JSON, what could not be
/// imported and why. Imports may print, too: hence the last line.
const QUESTION: &str = "
import importlib, importlib.util, json, sys
lacking = {}
for module in sys.argv[1:]:
    try:
        if module.endswith('?'):
            module = module[:-1]
            if importlib.util.find_spec(module) is None:
                raise ModuleNotFoundError(f'No module named {module!r}')
        else:
            importlib.import_module(module)
    except Exception as error:
        lacking[module] = str(error)
print()
print(json.dumps(lacking))
";

/// What makes the Python for peers, in a checkout.
const SETUP: &str = "scripts/peers/setup";

/// That Python, in the same checkout.
const MADE: &str = ".venv/bin/python";

/// Large packages take seconds when they are not in memory.
const LIMIT: Duration = Duration::from_secs(120);

/// How the peers are started, each with what it is missing. `given` is the interpreter that the user named; else it is
/// what scripts/peers/setup has made, or the system's.
///
/// # Errors
/// When the interpreter that the user named cannot be started.
pub(super) fn peers(wanted: &[&PythonPeer], given: Option<&Path>, program: &Path) -> anyhow::Result<Vec<Peer>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let places = places(program);
    let setup = Setup::look(&places);
    let (python, asked) = setup.interpreter(given);
    let lacking = match ask(&python, wanted) {
        Ok(lacking) => Ok(lacking),
        Err(error) if given.is_some() => return Err(shelfmark::Error::Usage(format!("{error:#}")).into()),
        Err(error) => Err(format!("{error:#}; {} (asked was {asked})", setup.remedy(&[]))),
    };
    let missing = |peer: &PythonPeer| match &lacking {
        Ok(lacking) => setup.missing(peer, lacking, &asked),
        Err(reason) => Some(reason.clone()),
    };
    Ok(wanted.iter().map(|peer| peer.peer(&python, missing(peer))).collect())
}

/// Where a checkout may be found, above these: the program's folder, unless it was installed or built elsewhere; the
/// current folder; and the checkout in which it was built, if that is still there.
fn places(program: &Path) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = program.parent().map(Path::to_owned).into_iter().collect();
    places.extend(std::env::current_dir());
    places.push(env!("CARGO_MANIFEST_DIR").into());
    // One after another, and each once.
    (0..places.len()).filter(|at| !places[..*at].contains(&places[*at])).map(|at| places[at].clone()).collect()
}

/// What there is of scripts/peers/setup.
struct Setup<'a> {
    /// Above which folders was looked.
    places: &'a [PathBuf],
    /// The script, where it can be found.
    script: Option<PathBuf>,
    /// The Python that it has made.
    python: Option<PathBuf>,
}

impl<'a> Setup<'a> {
    /// The nearest above each of `places`; the first of those that was used, if one was.
    fn look(places: &'a [PathBuf]) -> Self {
        let nearest =
            |place: &PathBuf| place.ancestors().find(|folder| folder.join(SETUP).is_file()).map(Path::to_owned);
        let checkouts: Vec<PathBuf> = places.iter().filter_map(nearest).collect();
        let used = checkouts.iter().find(|checkout| checkout.join(MADE).is_file());
        Self {
            places,
            script: used.or(checkouts.first()).map(|checkout| checkout.join(SETUP)),
            python: used.map(|checkout| checkout.join(MADE)),
        }
    }

    /// The interpreter to take, and which it is, in words.
    fn interpreter(&self, given: Option<&Path>) -> (PathBuf, String) {
        if let Some(python) = given.or(self.python.as_deref()) {
            return (python.to_owned(), python.display().to_string());
        }
        let places: Vec<_> = self.places.iter().map(|place| place.display().to_string()).collect();
        ("python3".into(), format!("python3; there is no {MADE} of {SETUP} in or above {}", places.join(", ")))
    }

    /// The same words for all peers that lack the same package first, so that they can be told in one line.
    fn missing(&self, peer: &PythonPeer, lacking: &BTreeMap<String, String>, asked: &str) -> Option<String> {
        let lacks: Vec<Package> = peer.packages().filter(|package| lacking.contains_key(package.module)).collect();
        let first = lacks.first()?;
        let why = lacking.get(first.module)?;
        let remedy = self.remedy(if lacks.len() == 1 { &lacks } else { &[] });
        Some(format!("needs {} ({why}); {remedy} (asked was {asked})", first.name))
    }

    /// What brings `packages` here; all that peers need, where none are named.
    fn remedy(&self, packages: &[Package]) -> String {
        let names: Vec<&str> = packages.iter().map(|package| package.name).collect();
        // All but these, which are large, come unasked.
        let extra = match names[..] {
            ["torch"] => " torch",
            ["mosaicml-streaming"] => " mosaicml-streaming",
            _ => "",
        };
        let install = match (&self.script, names.is_empty()) {
            (Some(script), _) => return format!("run {}{extra}, or name a Python with --python", script.display()),
            (None, true) => "what is in its requirements.txt".to_owned(),
            (None, false) => names.join(" "),
        };
        format!(
            "run {SETUP}{extra} in a checkout of shelfmark and this from there, or install {install}, or name a Python with --python"
        )
    }
}

/// What this interpreter lacks of what the peers need, by module, with the reason.
fn ask(python: &Path, wanted: &[&PythonPeer]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut arguments: Vec<OsString> = vec!["-c".into(), QUESTION.into()];
    let question =
        |package: Package| if package.alone { format!("{}?", package.module) } else { package.module.into() };
    let mut modules: Vec<String> = wanted.iter().flat_map(|peer| peer.packages()).map(question).collect();
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

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test that cannot go on shall say so
mod tests {
    use super::*;
    use shelfmark::run::peers::select;

    /// A checkout at `folder`, with or without what its setup makes.
    fn check_out(folder: &Path, made: bool) {
        for file in [SETUP].into_iter().chain(made.then_some(MADE)) {
            let file = folder.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
    }

    fn nowhere() -> Setup<'static> {
        Setup { places: &[], script: None, python: None }
    }

    fn checkout() -> Setup<'static> {
        Setup { script: Some("/checkout/scripts/peers/setup".into()), ..nowhere() }
    }

    #[test]
    fn what_is_missing_is_named_with_its_remedy() {
        let wanted = select(&["python:pillow".into(), "python:lmdb-raw".into()]).unwrap();
        let lacking = BTreeMap::from([("PIL".to_owned(), "No module named 'PIL'".to_owned())]);
        let reason = nowhere().missing(wanted[0], &lacking, "python3").unwrap();
        assert!(reason.contains("No module named 'PIL'") && reason.contains("install pillow"), "{reason}");
        assert!(reason.contains("scripts/peers/setup in a checkout"), "{reason}");
        let reason = checkout().missing(wanted[0], &lacking, "python3").unwrap();
        assert!(reason.contains("run /checkout/scripts/peers/setup, or"), "{reason}");
        assert_eq!(nowhere().missing(wanted[1], &lacking, "python3"), None);
    }

    #[test]
    fn who_lacks_the_same_is_told_the_same() {
        let wanted = select(&["python".into()]).unwrap();
        let lacking: BTreeMap<String, String> =
            ["numpy", "PIL", "lmdb", "torch"].map(|module| (module.to_owned(), "none".to_owned())).into();
        let reasons: Vec<_> = wanted.iter().map(|peer| nowhere().missing(peer, &lacking, "python")).collect();
        let distinct: std::collections::BTreeSet<_> = reasons.iter().collect();
        assert!(reasons.iter().all(Option::is_some) && distinct.len() <= 2, "{distinct:?}");
        let torch = BTreeMap::from([("torch".to_owned(), "none".to_owned())]);
        let of_torch = wanted.iter().find(|peer| peer.name == "python:torch-png").unwrap();
        let reason = checkout().missing(of_torch, &torch, "python").unwrap();
        assert!(reason.contains("run /checkout/scripts/peers/setup torch,"), "{reason}");
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
    fn the_python_of_a_checkout_is_found_from_all_places() {
        let folder = tempfile::tempdir().unwrap();
        let [installed, elsewhere, built] = ["bin", "elsewhere", "built"].map(|name| folder.path().join(name));
        let places = [installed, elsewhere.join("deep"), built.clone()];
        let (python, asked) = Setup::look(&places).interpreter(None);
        assert_eq!(python, Path::new("python3"));
        assert!(places.iter().all(|place| asked.contains(&place.display().to_string())), "{asked}");
        // Where it was built is the last that is looked at, and one whose setup was run comes before one that is near.
        check_out(&built, true);
        assert_eq!(Setup::look(&places).python, Some(built.join(MADE)));
        check_out(&elsewhere, false);
        let setup = Setup::look(&places);
        assert_eq!((setup.script, setup.python), (Some(built.join(SETUP)), Some(built.join(MADE))));
        check_out(&elsewhere, true);
        let setup = Setup::look(&places);
        assert_eq!(setup.interpreter(None).0, elsewhere.join(MADE));
        assert_eq!(setup.interpreter(Some(&built)).0, built, "what was named comes first");
    }

    #[test]
    fn the_checkout_it_was_built_in_is_a_place() {
        let places = places(Path::new("/opt/bin/shelfmark"));
        assert_eq!(places.first().map(PathBuf::as_path), Some(Path::new("/opt/bin")));
        assert!(places.contains(&env!("CARGO_MANIFEST_DIR").into()), "{places:?}");
        let script = Setup::look(&places).script;
        assert!(script.is_some_and(|script| script.is_file()));
    }
}
