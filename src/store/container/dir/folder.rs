//! A folder of numbered files, kept open.

use crate::error::{Error, IoContext, Result};
use rustix::fs::{AtFlags, Mode, OFlags};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// Names of the files, built in memory that is reused.
pub struct Names {
    name: String,
    /// Files a subfolder; none: all in one folder.
    fanout: Option<u64>,
}

impl Names {
    /// With so many files a subfolder.
    pub fn new(fanout: Option<u64>) -> Self {
        Self { name: String::new(), fanout }
    }

    /// Of file `index`.
    pub fn of(&mut self, index: u64, extension: &str) -> &str {
        self.name.clear();
        // Writing into a String cannot fail.
        let _ = match self.fanout {
            Some(fanout) => write!(self.name, "{:06}/{index:08}.{extension}", index / fanout.max(1)),
            None => write!(self.name, "{index:08}.{extension}"),
        };
        &self.name
    }
}

/// The subfolder that a file of this name lies in, if it does in one.
pub fn subfolder(name: &str) -> Option<&str> {
    name.split_once('/').map(|(folder, _)| folder)
}

/// The folder of the files, open: a name in it is found faster than a path from the root.
pub struct Folder {
    open: OwnedFd,
    /// Where it is.
    pub path: PathBuf,
}

impl Folder {
    /// Opens the folder at `path`.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: PathBuf) -> Result<Self> {
        let open = File::open(&path).at("open", &path)?.into();
        Ok(Self { open, path })
    }

    fn file(&self, name: &str, flags: OFlags) -> std::io::Result<File> {
        // What everyone may read and write, less what the user's mask takes away: as the standard library creates files.
        let mode = Mode::from_raw_mode(0o666);
        Ok(rustix::fs::openat(&self.open, name, flags | OFlags::CLOEXEC, mode)?.into())
    }

    /// Opens the file called `name` for reading; `action` is what for, in errors.
    ///
    /// # Errors
    /// What the system says, or `with`.
    pub fn with<T>(
        &self,
        action: &'static str,
        name: &str,
        with: impl FnOnce(File) -> std::io::Result<T>,
    ) -> Result<T> {
        // A pipe in the place of a file would otherwise be waited for, for ever; of files it makes no difference.
        self.file(name, OFlags::RDONLY | OFlags::NONBLOCK).and_then(with).map_err(|e| self.failed(action, name, e))
    }

    /// Creates the file called `name`, which must not be there, and its subfolder where that is missing.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let created = match (self.file(name, flags), subfolder(name)) {
            (Err(e), Some(missing)) if e.kind() == std::io::ErrorKind::NotFound => {
                let made = rustix::fs::mkdirat(&self.open, missing, Mode::from_raw_mode(0o777));
                made.map_err(std::io::Error::from).and_then(|()| self.file(name, flags))
            }
            (opened, _) => opened,
        };
        created.and_then(|mut file| file.write_all(bytes)).map_err(|e| self.failed("write", name, e))
    }

    /// Removes the file called `name`.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove(&self, name: &str) -> Result<()> {
        let removed = rustix::fs::unlinkat(&self.open, name, AtFlags::empty());
        removed.map_err(|e| self.failed("remove", name, e.into()))
    }

    /// Gives the file `from` the name `to`, and removes what had it.
    ///
    /// # Errors
    /// What the system says.
    pub fn rename(&self, from: &str, to: &str) -> Result<()> {
        let renamed = rustix::fs::renameat(&self.open, from, &self.open, to);
        renamed.map_err(|e| self.failed("rename", from, e.into()))
    }

    #[cold]
    fn failed(&self, action: &'static str, name: &str, e: std::io::Error) -> Error {
        Error::Io { action, path: self.path.join(name), source: e }
    }
}
