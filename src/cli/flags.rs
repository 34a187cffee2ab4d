//! Flags that several verbs share.

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use shelfmark::dataset::{self, Dataset};
use shelfmark::store::FormatId;
use shelfmark::store::registry;
use std::path::PathBuf;
use std::sync::Arc;

/// Which formats.
#[derive(Debug, Args)]
pub struct Formats {
    /// Formats, separated by spaces: names (png lmdb:raw hdf5:raw,chunk=64), `core` or `all`
    #[arg(long, num_args = 1.., value_name = "FORMAT", default_value = "core")]
    pub formats: Vec<String>,
}

impl Formats {
    /// What the names stand for.
    ///
    /// # Errors
    /// For a name that is none.
    pub fn select(&self) -> shelfmark::Result<Vec<FormatId>> {
        registry::select(&self.formats)
    }
}

/// Which images.
#[derive(Debug, Args)]
pub struct Images {
    /// synthetic:HxWxC or synthetic:ragged (made on the spot; ragged: JPEG files of many sizes, as in ImageNet); cifar10:PATH, cifar100:PATH, cifar100-coarse:PATH (a file of the binary
    /// version, or its folder); mnist:PATH (an IDX file of images, plain or .gz, or its folder)
    #[arg(long, value_name = "DATASET", default_value = "synthetic:32x32x3")]
    pub dataset: String,
    /// Take the first N images, beginning again where the set is smaller
    #[arg(long, value_name = "N")]
    pub images: Option<u64>,
}

impl Images {
    /// Opens the dataset.
    ///
    /// # Errors
    /// When there is no such dataset.
    pub fn open(&self) -> shelfmark::Result<Arc<dyn Dataset>> {
        dataset::open(&self.dataset, self.images)
    }
}

/// Where stores go.
#[derive(Debug, Args)]
pub struct Place {
    /// Where stores are written
    #[arg(long, value_name = "DIR", default_value = "target/shelfmark")]
    pub dir: PathBuf,
}

/// A bar on stderr, shown only on a terminal, for `total` images.
pub fn progress(total: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{msg:28} {wide_bar} {human_pos}/{human_len} images {per_sec} {eta}");
    // The template is a constant; were it wrong, the default style would do.
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what.to_owned());
    bar
}

/// A sign of life on stderr, shown only on a terminal, for work whose progress cannot be seen.
pub fn spinner(what: &str) -> ProgressBar {
    let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    spinner.set_message(what.to_owned());
    spinner.enable_steady_tick(std::time::Duration::from_millis(200));
    spinner
}
