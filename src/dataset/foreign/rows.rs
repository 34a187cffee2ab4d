//! What can be wrong with a table of images or with a row of it, and what would mend that.

use super::kinds::{LABELS, any_of};
use super::refuse;
use crate::error::Error;
use std::borrow::Cow;
use std::fmt::Display;
use std::path::Path;

/// In the place of a column of labels: there is none. A column of that name goes before.
pub const NO_LABELS: &str = "none";

/// What is wrong, and what would mend it.
#[derive(Debug)]
pub struct Fault {
    cause: String,
    /// None where nothing is known but that it cannot be read.
    remedy: Option<Cow<'static, str>>,
}

impl From<String> for Fault {
    fn from(cause: String) -> Self {
        Self { cause, remedy: None }
    }
}

impl From<&str> for Fault {
    fn from(cause: &str) -> Self {
        cause.to_owned().into()
    }
}

impl Fault {
    pub fn new(cause: impl Into<String>, remedy: impl Into<Cow<'static, str>>) -> Self {
        Self { cause: cause.into(), remedy: Some(remedy.into()) }
    }

    /// A column of labels is of a type that no label can be.
    pub fn type_of_labels(column: &str, kind: impl Display) -> Self {
        let kind = kind.to_string();
        let remedy = match kind.eq_ignore_ascii_case("boolean") {
            true => "write them as whole numbers, 0 and 1",
            false => "write whole numbers or texts",
        };
        Self::new(
            format!("the labels in {column} are of the type {kind}, no whole numbers and no texts"),
            format!("{remedy}, name another column with label=COLUMN, or take all labels for 0 with label={NO_LABELS}"),
        )
    }

    pub fn no_label() -> Self {
        Self::new("there is no label in it", "leave that row out, or give it a whole number from 0 as its label")
    }

    /// A number that is no label.
    pub fn label(label: impl Into<i128>) -> Self {
        let label = label.into();
        let remedy = match label < 0 {
            // As Hugging Face's test sets have it.
            true => {
                "labels are numbered from 0, and -1 often says that there is none, as in test sets: take a set with labels, \
                 leave such rows out, or take all labels for 0 with label=none"
            }
            false => "number the classes from 0",
        };
        Self::new(format!("its label is {label}"), remedy)
    }

    /// An image is missing; `path` says which file it was, where the column has paths, or is empty.
    pub fn no_image(path: &[u8]) -> Self {
        match path {
            [] => Self::new("there is no image in it", "leave that row out"),
            path => Self::new(
                format!("there is no image in it, but the path of one in a file: {}", String::from_utf8_lossy(path)),
                "embed the bytes of the images when the set is written, or give the folder of these files: folder:PATH",
            ),
        }
    }

    /// Says where it is.
    pub fn at(self, place: impl Display) -> Self {
        Self { cause: format!("{place}: {}", self.cause), ..self }
    }

    /// Says in which row of a set it is, behind so many others.
    pub fn behind(self, rows: usize) -> Self {
        self.at(format!("row {} of the set, counted from 1", rows + 1))
    }

    /// The refusal of what is at `path`; `otherwise` is what to do where nothing better is known.
    pub fn refuse(self, path: &Path, otherwise: &str) -> Error {
        refuse(path, self.cause, self.remedy.as_deref().unwrap_or(otherwise))
    }
}

/// A remark that there are no labels, whether so `given` or not.
pub fn without_labels(given: Option<&str>) -> String {
    match given {
        Some(_) => "no labels are read, as asked for: all are 0".into(),
        None => format!("it has no column of labels called {}: all are 0", any_of(LABELS)),
    }
}
