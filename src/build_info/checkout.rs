//! The commit that a program is built from. Part of the build script, and tested with the library.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What a program is built from; what else lies in a checkout may change without it.
pub const BUILT_FROM: [&str; 7] =
    ["src", "benches", "build.rs", "Cargo.toml", "Cargo.lock", "README.md", "scripts/peers"];

/// What git says of a checkout.
#[derive(Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The commit.
    pub sha: String,
    /// Whether what a program is built from differs from it, be it a file that git does not know yet.
    pub dirty: Option<bool>,
    /// Files of git that change when another commit is checked out or made.
    pub heads: Vec<PathBuf>,
}

impl Checkout {
    /// Asks git; nothing where `root` is not the top of a checkout (an unpacked crate may lie within somebody else's), or
    /// where there is no git that trusts it.
    pub fn at(root: &Path) -> Option<Self> {
        let ask = |arguments: &[&str]| {
            let mut git = Command::new("git");
            // A hook of another checkout may be what builds this one.
            ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"].iter().for_each(|name| _ = git.env_remove(name));
            // Asking writes nothing, and waits for nobody who does.
            git.env("GIT_OPTIONAL_LOCKS", "0");
            let output = git.arg("-C").arg(root).args(arguments).output().ok()?;
            output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        if !ask(&["rev-parse", "--show-prefix"])?.is_empty() {
            return None;
        }
        let sha = ask(&["rev-parse", "--verify", "HEAD"])?;
        let changed = ask(&[&["status", "--porcelain", "--untracked-files=normal", "--"][..], &BUILT_FROM].concat());
        let branch = ask(&["symbolic-ref", "-q", "HEAD"]);
        // Of a branch that is packed, only the log of HEAD tells when it goes on.
        let names = ["HEAD", "logs/HEAD"].into_iter().chain(branch.as_deref());
        let heads = names.filter_map(|name| Some(root.join(ask(&["rev-parse", "--git-path", name])?)));
        let heads = heads.filter(|file| file.is_file()).collect();
        Some(Self { sha, dirty: changed.map(|changed| !changed.is_empty()), heads })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_commit_is_named_with_what_was_changed_since_and_an_unpacked_crate_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let git = |arguments: &[&str]| {
            let as_one = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"];
            let mut git = Command::new("git");
            ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"].iter().for_each(|name| _ = git.env_remove(name));
            let done = git.arg("-C").arg(&root).args(as_one).args(arguments).output();
            done.is_ok_and(|output| output.status.success())
        };
        fs::create_dir_all(root.join("src")).unwrap();
        fs::create_dir_all(root.join("vendor/crate")).unwrap();
        fs::write(root.join("src/main.rs"), "fn main() {}").unwrap();
        fs::write(root.join("CHANGELOG.md"), "a").unwrap();
        assert_eq!(Checkout::at(&root), None);
        if !git(&["init", "-q", "-b", "main"]) {
            // There is no git here.
            return;
        }
        assert_eq!(Checkout::at(&root), None, "nothing is committed yet");
        assert!(git(&["add", "."]) && git(&["commit", "-q", "-m", "one"]));
        let first = Checkout::at(&root).unwrap();
        assert_eq!((first.sha.len(), first.dirty), (40, Some(false)));
        assert!(first.heads.contains(&root.join(".git/HEAD")), "{:?}", first.heads);
        assert!(first.heads.contains(&root.join(".git/refs/heads/main")), "{:?}", first.heads);
        assert_eq!(Checkout::at(&root.join("vendor/crate")), None, "somebody else's commit");
        // What no program is built from makes none of it dirty.
        fs::write(root.join("CHANGELOG.md"), "b").unwrap();
        assert_eq!(Checkout::at(&root).unwrap().dirty, Some(false));
        for file in ["src/main.rs", "src/new.rs"] {
            fs::write(root.join(file), "fn main() { }").unwrap();
            assert_eq!(Checkout::at(&root).unwrap().dirty, Some(true), "{file}");
            assert!(git(&["add", "."]) && git(&["commit", "-q", "-m", file]));
            let next = Checkout::at(&root).unwrap();
            assert!(next.sha != first.sha && next.dirty == Some(false), "{next:?}");
        }
    }
}
