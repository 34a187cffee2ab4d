//! Every format in the table does what every format must do; so do the references.

use shelfmark::store::conformance::CHECKS;
use shelfmark::store::registry::{reference_rows, resolve, rows};

#[test]
fn every_format_conforms() {
    let mut checked = 0;
    let mut wrong = Vec::new();
    for row in rows().into_iter().chain(reference_rows()) {
        if let Some(reason) = row.missing() {
            println!("{}: {reason}", row.id);
            continue;
        }
        let format = resolve(&row.id).unwrap();
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
