//! A directory made under a temporary name beside its target, and renamed into place when it is finished: a reader never
//! sees half of it, and a failure leaves nothing behind.

use crate::error::{Error, IoContext, Result};
use crate::store::container::StoreName;
use crate::store::scratch::Scratch;
use crate::store::{MANIFEST_FILE, scratch, sync};
use std::path::{Path, PathBuf};

/// What to do when there is something at the place of a new store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfExists {
    /// Refuse.
    Refuse,
    /// Replace it if it is a store; anything else is still refused.
    Replace,
}

/// A directory in the making.
pub struct Placement {
    directory: Scratch,
    name: StoreName,
    if_exists: IfExists,
}

impl Placement {
    /// Starts a directory that will stand at the path in `name`.
    ///
    /// # Errors
    /// [`Error::Store`] when something is there already; what the system says.
    pub fn new(name: StoreName, if_exists: IfExists) -> Result<Self> {
        refuse_existing(&name, if_exists)?;
        let directory = Scratch::new(parent_of(&name.path), &stem_of(&name.path))?;
        open_to_all(directory.path())?;
        Ok(Self { directory, name, if_exists })
    }

    /// Goes on with the directory that a dead process left at `left`.
    ///
    /// # Errors
    /// As [`Placement::new`].
    pub fn adopt(left: &Path, name: StoreName, if_exists: IfExists) -> Result<Self> {
        refuse_existing(&name, if_exists)?;
        Ok(Self { directory: Scratch::adopt(left, &stem_of(&name.path))?, name, if_exists })
    }

    /// What dead processes left of work on `target` that can be gone on with.
    pub fn left_behind(target: &Path) -> Vec<PathBuf> {
        scratch::left_behind(parent_of(target), &stem_of(target))
    }

    /// Refuses where something is in the way of a new store.
    ///
    /// # Errors
    /// As [`Placement::new`].
    pub fn check(name: &StoreName, if_exists: IfExists) -> Result<()> {
        refuse_existing(name, if_exists)
    }

    /// Removes what dead processes left beside `target` and nobody can go on with.
    pub fn remove_abandoned(target: &Path) {
        scratch::remove_abandoned(parent_of(target));
    }

    /// Where it is while it is made.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Where it will be, and of which format.
    pub const fn name(&self) -> &StoreName {
        &self.name
    }

    /// Leaves it unfinished, for another process to go on with; returns where.
    pub fn leave(self) -> PathBuf {
        self.directory.keep()
    }

    /// Renames it into place. If `durable`, all of it and its name are on the device when this returns.
    ///
    /// # Errors
    /// When something has appeared at the target; what the system says.
    pub fn finish(self, durable: bool) -> Result<()> {
        let target = &self.name.path;
        if durable {
            sync::tree(self.directory.path())?;
        }
        refuse_existing(&self.name, self.if_exists)?;
        if exchange(self.directory.path(), target) {
            // In one step: at no moment is there neither. What is now under the temporary name is the old store, which
            // goes when `self` is dropped.
            return if durable { sync::one(parent_of(target)) } else { Ok(()) };
        }
        let old = set_aside(target)?;
        if let Err(error) = std::fs::rename(self.directory.path(), target).at("rename into place", target) {
            if let Some(old) = old {
                // Better the old store than none; should that fail too, it is kept where it was set aside.
                let aside = old.keep();
                std::fs::rename(aside.join("store"), target).at("move back the old store", target)?;
                let _ = std::fs::remove_dir(aside);
            }
            return Err(error);
        }
        // It has another name now: there is nothing left to remove at the temporary one.
        let _ = self.directory.keep();
        if durable {
            sync::one(parent_of(&self.name.path))?;
        }
        drop(old);
        Ok(())
    }
}

fn parent_of(target: &Path) -> &Path {
    target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn stem_of(target: &Path) -> String {
    target.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn refuse_existing(name: &StoreName, if_exists: IfExists) -> Result<()> {
    let target = &name.path;
    if target.file_name().is_none() {
        return Err(Error::Usage(format!("'{}' is no path that a store could have", target.display())));
    }
    // `symlink_metadata`: a dangling link is something, too.
    if target.symlink_metadata().is_err() {
        return Ok(());
    }
    if target.join(MANIFEST_FILE).is_file() {
        return match if_exists {
            IfExists::Replace => Ok(()),
            IfExists::Refuse => {
                Err(name.error("there is a store already", "use --force to replace it, or choose another place"))
            }
        };
    }
    // Made for it beforehand, as people do.
    if std::fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_none()) {
        return Ok(());
    }
    Err(name.error("something that is no store is there already", "remove it, or choose another place"))
}

/// Swaps the names of two directories, where the system can and both are there.
fn exchange(one: &Path, other: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        other.is_dir() && renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (one, other);
        false
    }
}

/// Moves an old store out of the way; it is removed when the returned value is dropped.
fn set_aside(target: &Path) -> Result<Option<Scratch>> {
    if target.symlink_metadata().is_err() {
        return Ok(None);
    }
    let aside = Scratch::new(parent_of(target), scratch::REPLACED)?;
    std::fs::rename(target, aside.path().join("store")).at("move aside", target)?;
    Ok(Some(aside))
}

/// Temporary directories are private by default; a store is a directory like others.
fn open_to_all(directory: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755))
            .at("set permissions of", directory)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store, as far as placing one is concerned.
    fn store(path: &Path, text: &str) {
        std::fs::create_dir_all(path).unwrap();
        std::fs::write(path.join(MANIFEST_FILE), text).unwrap();
    }

    fn placement(target: &Path, if_exists: IfExists) -> Placement {
        let placement =
            Placement::new(StoreName { format: "dir:raw".into(), path: target.to_owned() }, if_exists).unwrap();
        store(placement.path(), "new");
        placement
    }

    fn manifest(path: &Path) -> String {
        std::fs::read_to_string(path.join(MANIFEST_FILE)).unwrap()
    }

    fn things_in(place: &Path) -> usize {
        std::fs::read_dir(place).unwrap().count()
    }

    #[test]
    fn what_appears_while_a_store_is_written_is_not_replaced() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("target");
        let writing = placement(&target, IfExists::Refuse);
        store(&target, "somebody else's");
        assert!(writing.finish(false).unwrap_err().to_string().contains("there is a store already"));
        assert_eq!((manifest(&target).as_str(), things_in(place.path())), ("somebody else's", 1));
        std::fs::remove_dir_all(&target).unwrap();
        // Leave to replace a store is no leave to replace anything else.
        let writing = placement(&target, IfExists::Replace);
        std::fs::write(&target, "a letter").unwrap();
        assert!(writing.finish(false).unwrap_err().to_string().contains("no store"));
        assert_eq!((std::fs::read(&target).unwrap().as_slice(), things_in(place.path())), (&b"a letter"[..], 1));
    }

    #[test]
    fn an_old_store_is_replaced_or_stays() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("target");
        store(&target, "old");
        placement(&target, IfExists::Replace).finish(false).unwrap();
        assert_eq!((manifest(&target).as_str(), things_in(place.path())), ("new", 1));
        // What shall be renamed is gone: neither the exchange nor the rename can be done.
        store(&target, "old");
        let lost = placement(&target, IfExists::Replace);
        std::fs::remove_dir_all(lost.path()).unwrap();
        assert!(lost.finish(false).unwrap_err().to_string().contains("rename into place"));
        assert_eq!((manifest(&target).as_str(), things_in(place.path())), ("old", 1));
    }
}
