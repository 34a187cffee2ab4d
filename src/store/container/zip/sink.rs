//! What an archive is written to.

use std::io::{ErrorKind, Result, Seek, SeekFrom, Write};

/// A file that takes nothing more once it has failed, and says so only then: the library ends an archive even where it is
/// given up, and complains on the standard error stream of what everybody knows.
pub struct Sink<W> {
    /// What takes the bytes.
    pub inner: W,
    /// Where the next byte would go.
    position: u64,
    failed: bool,
}

impl<W> Sink<W> {
    /// To `inner`, from its beginning.
    pub fn new(inner: W) -> Self {
        Self { inner, position: 0, failed: false }
    }

    /// What took the bytes, if it took all of them.
    ///
    /// # Errors
    /// When it did not.
    pub fn into_inner(self) -> std::result::Result<W, &'static str> {
        if self.failed { Err("not all of it could be written") } else { Ok(self.inner) }
    }

    fn unless_failed<T>(&mut self, instead: T, call: impl FnOnce(&mut W) -> Result<T>) -> Result<T> {
        if self.failed {
            return Ok(instead);
        }
        let done = call(&mut self.inner);
        self.failed = done.as_ref().is_err_and(|e| e.kind() != ErrorKind::Interrupted);
        done
    }
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let written = self.unless_failed(bytes.len(), |inner| inner.write(bytes))?;
        self.position += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> Result<()> {
        self.unless_failed((), Write::flush)
    }
}

impl<W: Seek> Seek for Sink<W> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let instead = if let SeekFrom::Start(position) = to { position } else { self.position };
        self.position = self.unless_failed(instead, |inner| inner.seek(to))?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::zip::ZipWriter;
    use ::zip::write::SimpleFileOptions;
    use std::io::Cursor;

    /// Has room for so many bytes.
    struct Full(Cursor<Vec<u8>>, usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> Result<usize> {
            if self.0.get_ref().len() + bytes.len() > self.1 {
                return Err(ErrorKind::StorageFull.into());
            }
            self.0.write(bytes)
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    impl Seek for Full {
        fn seek(&mut self, to: SeekFrom) -> Result<u64> {
            self.0.seek(to)
        }
    }

    #[test]
    fn an_archive_that_failed_once_is_ended_without_a_word_and_is_none() {
        let mut zip = ZipWriter::new(Sink::new(Full(Cursor::new(Vec::new()), 300)));
        let add = |zip: &mut ZipWriter<_>| {
            zip.start_file("x", SimpleFileOptions::default().compression_method(::zip::CompressionMethod::Stored))?;
            zip.write_all(&[7; 400])
        };
        assert_eq!(add(&mut zip).unwrap_err().kind(), ErrorKind::StorageFull);
        // What dropping it comes to.
        let ended = zip.finish().unwrap();
        assert!(ended.into_inner().is_err());
        assert!(Sink::new(Cursor::new(Vec::<u8>::new())).into_inner().is_ok());
    }
}
