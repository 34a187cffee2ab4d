//! `shelfmark.json`: read, made a format of, and written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shelfmark::store::{Manifest, registry};
use std::path::Path;

fuzz_target!(|text: &[u8]| {
    let Ok(manifest) = Manifest::parse(text, Path::new("store")) else { return };
    let again = Manifest::parse(&manifest.to_json(), Path::new("store"));
    assert_eq!(again.ok().as_ref(), Some(&manifest), "a manifest does not survive being written");
    let resolved = manifest.format.parse().and_then(|id| registry::resolve(&id));
    if let Ok(resolved) = resolved {
        // Works out sizes from a shape and a number of images that may be absurd.
        resolved.format.settings(&manifest.spec());
        resolved.format.lossy(&manifest.spec());
    }
});
