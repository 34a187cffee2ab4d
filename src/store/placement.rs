//! A directory made under a temporary name beside its target, and renamed into place when it is finished: a reader never
//! sees half of it, and a failure leaves nothing behind.

use crate::error::{Error, IoContext, Result};
use crate::store::container::StoreName;
use crate::store::scratch::Scratch;
use crate::store::{Manifest, scratch, sync};
use std::path::{Path, PathBuf};

/// What to do when there is something at the place of a new store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfExists {
    /// Refuse.
    Refuse,
    /// Replace it if it is a store, by its manifest; anything else is still refused.
    Replace,
}

/// A directory in the making. A target that is a link is followed: what stands where it leads is made or replaced.
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
    pub fn new(mut name: StoreName, if_exists: IfExists) -> Result<Self> {
        name.path = followed(&name.path);
        refuse_existing(&name, if_exists)?;
        let directory = Scratch::new(parent_of(&name.path), &stem_of(&name.path))?;
        open_to_all(directory.path())?;
        Ok(Self { directory, name, if_exists })
    }

    /// Goes on with the directory that a dead process left at `left`.
    ///
    /// # Errors
    /// As [`Placement::new`].
    pub fn adopt(left: &Path, mut name: StoreName, if_exists: IfExists) -> Result<Self> {
        name.path = followed(&name.path);
        refuse_existing(&name, if_exists)?;
        Ok(Self { directory: Scratch::adopt(left, &stem_of(&name.path))?, name, if_exists })
    }

    /// What dead processes left of work on `target` that can be gone on with.
    pub fn left_behind(target: &Path) -> Vec<PathBuf> {
        let target = followed(target);
        scratch::left_behind(parent_of(&target), &stem_of(&target))
    }

    /// Refuses where something is in the way of a new store.
    ///
    /// # Errors
    /// As [`Placement::new`].
    pub fn check(name: &StoreName, if_exists: IfExists) -> Result<()> {
        let followed = StoreName { path: followed(&name.path), ..name.clone() };
        refuse_existing(&followed, if_exists)
    }

    /// Removes what dead processes left beside `target` and nobody can go on with.
    pub fn remove_abandoned(target: &Path) {
        scratch::remove_abandoned(parent_of(&followed(target)));
    }

    /// Where it is while it is made.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Where it will be, and of which format.
    pub const fn name(&self) -> &StoreName {
        &self.name
    }

    /// Leaves it when it is dropped unfinished, if a progress file in it tells how to go on with it.
    pub fn keep_work(&mut self) {
        self.directory.keep_work(true);
    }

    /// Removes it when it is dropped, whatever is in it: for what was found to be wrong.
    pub fn discard(mut self) {
        self.directory.keep_work(false);
    }

    /// Leaves it unfinished, for another process to go on with; returns where.
    pub fn leave(self) -> PathBuf {
        self.directory.keep()
    }

    /// Renames it into place. If `durable`, all of it and its name are on the device when this returns.
    ///
    /// # Errors
    /// When something has appeared at the target; what the system says. It is then still where it was.
    pub fn finish(&mut self, durable: bool) -> Result<()> {
        let target = &self.name.path;
        if durable {
            sync::tree(self.directory.path())?;
        }
        refuse_existing(&self.name, self.if_exists)?;
        if exchange(self.directory.path(), target) {
            // In one step: at no moment is there neither. What is now under the temporary name is the old store, which
            // goes when `self` is dropped.
            self.directory.keep_work(false);
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
        self.directory.let_go();
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

/// Where a link leads, if it leads somewhere.
fn followed(target: &Path) -> PathBuf {
    let real = if target.is_symlink() { target.canonicalize().ok() } else { None };
    real.unwrap_or_else(|| target.to_owned())
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
    if is_mount_point(target) {
        return Err(name.error(
            "a file system is mounted there, so nothing else can get this name",
            "choose a folder inside it, or another place",
        ));
    }
    // A file of that name alone is no store: what is replaced is removed with all that is in it.
    if !target.is_symlink() && Manifest::read(target).is_ok() {
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
    let remedy = "if nobody needs it, remove it; or choose another place";
    Err(name.error("something that is no store is there already", remedy))
}

/// Whether a directory is where a file system is mounted: it cannot be renamed or replaced.
fn is_mount_point(directory: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        // Unlike the number of the device this tells bind mounts, too.
        use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
        if let Ok(found) = statx(CWD, directory, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS)
            && found.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT)
        {
            return found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT);
        }
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let device = |path: &Path| path.symlink_metadata().map(|metadata| metadata.dev()).ok();
        directory.is_dir() && device(directory) != device(parent_of(directory))
    }
    #[cfg(not(unix))]
    {
        let _ = directory;
        false
    }
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
mod tests;
