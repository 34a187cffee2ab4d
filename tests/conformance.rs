//! Every format in the table does what every format must do; so do the references.
#![allow(clippy::unwrap_used)] // a test that cannot go on shall say so

use shelfmark::measure::{Meter, Part, Simulated};
use shelfmark::sample::{ImageShape, Shape};
use shelfmark::store::StoreSpec;
use shelfmark::store::conformance::CHECKS;
use shelfmark::store::registry::{Resolved, reference_rows, resolve, rows};
use std::sync::Arc;

#[test]
fn every_format_conforms() {
    all_conform(Some);
}

#[test]
fn every_metered_format_conforms() {
    let meter = Arc::new(Meter::new(Arc::new(Simulated::ticking(1))));
    all_conform(|plain| {
        let spec = StoreSpec { shape: Shape::Ragged { max: ImageShape::new(8, 8, 3) }, images: 1 };
        match plain.format.metered(&spec, &meter) {
            Ok(format) => Some(Resolved { format, ..plain }),
            Err(reason) => {
                println!("{}: {reason}", plain.id);
                None
            }
        }
    });
    // It was the metered formats that were read from.
    #[cfg(feature = "lmdb")]
    assert!(meter.spent_ns(Part::Lookup).is_some());
    for part in [Part::Open, Part::Read, Part::Decode, Part::Copy] {
        assert!(meter.spent_ns(part).is_some(), "{part:?}");
    }
}

fn all_conform(wrap: impl Fn(Resolved) -> Option<Resolved>) {
    let mut checked = 0;
    let mut wrong = Vec::new();
    for row in rows().into_iter().chain(reference_rows()) {
        if let Some(reason) = row.missing() {
            println!("{}: {reason}", row.id);
            continue;
        }
        let Some(format) = wrap(resolve(&row.id).unwrap()) else { continue };
        for (property, check) in CHECKS {
            let folder = tempfile::tempdir().unwrap();
            if let Err(why) = check(&format, folder.path()) {
                wrong.push(format!("{}: {property}: {why}", row.id));
            }
            checked += 1;
        }
    }
    assert!(checked >= CHECKS.len(), "no format is built in");
    assert!(wrong.is_empty(), "{} of {checked} checks failed:\n{}", wrong.len(), wrong.join("\n"));
}
