//! Which cells are the same.

use super::*;

#[test]
fn cells_are_matched_by_the_content_of_their_images() {
    let mut head = run();
    head.datasets[0].id = "folder-of-somebody-else".into();
    for cell in &mut head.cells {
        cell.dataset = "folder-of-somebody-else".into();
        cell.id = format!("elsewhere/{}", cell.id);
    }
    assert_eq!(compared(&run(), &head).cells.len(), 6);
    head.datasets[0].sha256 = "0".repeat(64);
    let error = compare(&run(), &head, ("a.json", "b.json")).unwrap_err().to_string();
    assert!(
        error.contains("b.json") && error.contains("shares no cell with a.json: they are of different images"),
        "{error}"
    );
    let mut twice = run();
    twice.cells.push(twice.cells[0].clone());
    let error = compare(&run(), &twice, ("a.json", "b.json")).unwrap_err().to_string();
    assert!(error.contains("two cells measure the same"), "{error}");
    // References alone are nothing in common.
    let [mut a, mut b] = [run(), run()];
    a.cells.truncate(2);
    b.cells.truncate(2);
    a.cells[0].kind = CellKind::Reference;
    b.cells[0].kind = CellKind::Reference;
    b.cells[1].workload = "open".into();
    assert!(compare(&a, &b, ("a", "b")).is_err());
}
