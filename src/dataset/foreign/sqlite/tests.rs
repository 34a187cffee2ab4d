use super::super::trial::{contents, image, refusal, survives_damage};
use super::*;
use crate::dataset::Dataset;

fn database(path: &Path, fill: impl Fn(&Connection)) {
    let _ = std::fs::remove_file(path);
    let connection = Connection::open(path).unwrap();
    fill(&connection);
    connection.close().unwrap();
}

fn open_with(path: &Path, names: Names<'_>) -> Result<Encoded<Database>> {
    open(&path.display().to_string(), path, names, &OpenOptions::default())
}

#[test]
fn the_table_of_images_is_found_among_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let (one, two) = (image(3, 1), image(5, 2));
    database(&path, |connection| {
        connection
            .execute_batch(
                "CREATE TABLE notes (text TEXT); CREATE TABLE pictures (name TEXT, thing BLOB, Label INTEGER)",
            )
            .unwrap();
        let insert = "INSERT INTO pictures (rowid, name, thing, Label) VALUES (?1, ?2, ?3, ?4)";
        connection.execute(insert, (9, "b", &two, 7)).unwrap();
        connection.execute(insert, (2, "a/1", &one, 4_294_967_295_i64)).unwrap();
    });
    let set = open_with(&path, Names::default()).unwrap();
    assert_eq!(contents(&set), [("a/1".into(), u32::MAX, 3, 1), ("b".into(), 7, 5, 2)]);
    let first = OpenOptions { images: Some(1), ..Default::default() };
    assert_eq!(contents(&open("x", &path, Names::default(), &first).unwrap()).len(), 1);
}

#[test]
fn names_of_classes_are_numbered_in_their_order_and_among_numbers_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let (one, two) = (image(3, 1), image(5, 2));
    let fill = |labels: &[&dyn ::rusqlite::ToSql]| {
        database(&path, |connection| {
            connection.execute_batch("CREATE TABLE t (image BLOB, label)").unwrap();
            for (label, image) in labels.iter().zip([&one, &two, &one]) {
                connection.execute("INSERT INTO t VALUES (?1, ?2)", (image, *label)).unwrap();
            }
        });
    };
    fill(&[&"dog", &"cat", &"dog"]);
    let set = open_with(&path, Names::default()).unwrap();
    let labels = |set: &Encoded<Database>| contents(set).into_iter().map(|one| one.1).collect::<Vec<_>>();
    assert_eq!(labels(&set), [1, 0, 1]);
    assert_eq!(set.remarks(), ["2 labels are names, numbered in their order: cat 0, dog 1"]);
    let first = OpenOptions { images: Some(1), ..Default::default() };
    assert_eq!(labels(&open("x", &path, Names::default(), &first).unwrap()), [1], "as in the whole set");
    let place = "the table t: the row with the rowid 2: ";
    let blob = &[1_u8, 2][..];
    for (second, why) in [
        (&blob as &dyn ::rusqlite::ToSql, "the labels in label are of the type Blob, no whole numbers and no texts; "),
        (&None::<i64>, "there is no label in it; leave that row out"),
        (&-1, "its label is -1; labels are numbered from 0"),
    ] {
        fill(&[&1, second]);
        let message = refusal(open_with(&path, Names::default()));
        assert!(message.contains(&format!("{place}{why}")), "{message}");
        let none = open_with(&path, Names { label: Some("none"), ..Names::default() }).unwrap();
        assert_eq!(labels(&none), [0, 0]);
    }
    fill(&[&"7", &8, &"9"]);
    assert_eq!(labels(&open_with(&path, Names::default()).unwrap()), [7, 8, 9]);
    fill(&[&7, &None::<i64>, &9]);
    let message = refusal(open_with(&path, Names::default()));
    assert!(message.contains("rowid 2: there is no label in it"), "{message}");
    let (number, nothing): (&dyn ::rusqlite::ToSql, &dyn ::rusqlite::ToSql) = (&3, &None::<i64>);
    for (third, why) in [(number, "row 1: the label dog is no number"), (nothing, "row 3: it has no label")] {
        fill(&[&"dog", &"cat", third]);
        let message = refusal(open_with(&path, Names::default()));
        assert!(message.contains(why), "{message}");
    }
}

#[test]
fn later_names_do_not_change_first_numbers_and_tables_without_rowids_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let one = image(3, 1);
    database(&path, |connection| {
        connection.execute_batch("CREATE TABLE t (image BLOB, label)").unwrap();
        connection.execute("INSERT INTO t VALUES (?1, 7), (?1, 'dog')", [&one]).unwrap();
    });
    let first = OpenOptions { images: Some(1), ..Default::default() };
    assert_eq!(contents(&open("x", &path, Names::default(), &first).unwrap())[0].1, 7);
    assert!(refusal(open_with(&path, Names::default())).contains("row 2: the label dog is no number"));
    database(&path, |connection| {
        connection.execute_batch("CREATE TABLE t (k PRIMARY KEY, image BLOB, label) WITHOUT ROWID").unwrap();
        connection.execute("INSERT INTO t VALUES (1, ?1, 'dog')", [&one]).unwrap();
    });
    assert!(refusal(open_with(&path, Names::default())).contains("has rowids"));
}

#[test]
fn a_column_called_rowid_is_not_taken_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let images = [image(3, 1), image(5, 2), image(4, 3)];
    let fill = |columns: &str| {
        database(&path, |connection| {
            connection.execute_batch(&format!("CREATE TABLE t (image BLOB, label INTEGER, {columns})")).unwrap();
            for (nth, image) in (0_i64..).zip(&images) {
                connection.execute("INSERT INTO t (image, label) VALUES (?1, ?2)", (image, nth)).unwrap();
            }
        });
        open_with(&path, Names::default())
    };
    let found = |columns| contents(&fill(columns).unwrap()).into_iter().map(|one| (one.1, one.3)).collect::<Vec<_>>();
    // All of one value, and a text.
    for columns in ["RowId INTEGER DEFAULT 1", "rowid TEXT DEFAULT 'x', oid INTEGER DEFAULT 1"] {
        assert_eq!(found(columns), [(0, 1), (1, 2), (2, 3)], "{columns}");
    }
    assert!(refusal(fill("rowid, oid, _rowid_")).contains("all names of rowids"));
    database(&path, |connection| {
        connection.execute_batch("CREATE TABLE t (image BLOB, k, label AS (2 * k))").unwrap();
        connection.execute("INSERT INTO t (image, k) VALUES (?1, 4)", [&images[0]]).unwrap();
    });
    assert_eq!(contents(&open_with(&path, Names::default()).unwrap())[0].1, 8, "generated columns are columns");
}

#[test]
fn a_database_with_a_log_is_read_where_no_files_can_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let one = image(3, 1);
    database(&path, |connection| {
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.execute_batch("CREATE TABLE t (image BLOB, label)").unwrap();
        connection.execute("INSERT INTO t VALUES (?1, 3)", [&one]).unwrap();
    });
    // Beside a file with the longest name that there can be none has a longer one, whoever asks for it.
    let long = folder.path().join(format!("50%{}", "x".repeat(249)));
    std::fs::rename(&path, &long).unwrap();
    assert_eq!(contents(&open_with(&long, Names::default()).unwrap())[0].1, 3);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn several_tables_other_values_and_damage_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let one = image(3, 1);
    let two_tables = "CREATE TABLE \"a\"\"b\" (image, label); CREATE TABLE c (image, label)";
    database(&path, |connection| {
        connection.execute_batch(two_tables).unwrap();
        connection.execute("INSERT INTO \"a\"\"b\" VALUES (?1, 3)", [&one]).unwrap();
        connection.execute("INSERT INTO c VALUES (?1, 2.5)", [&one]).unwrap();
    });
    assert!(refusal(open_with(&path, Names::default())).contains("a\"b, c"));
    let table = |table| Names { table: Some(table), ..Names::default() };
    assert_eq!(contents(&open_with(&path, table("a\"b")).unwrap())[0].1, 3);
    assert!(refusal(open_with(&path, table("c"))).contains("no whole number"));
    assert!(refusal(open_with(&path, table("d"))).contains("no table"));
    let label = Names { label: Some("klass"), ..table("c") };
    assert!(refusal(open_with(&path, label)).contains("no column klass"));
    for (value, why) in [(&b"\x80\x04."[..], "pickled"), (b"pixels", "first bytes")] {
        database(&path, |connection| {
            connection.execute_batch("CREATE TABLE t (image BLOB)").unwrap();
            connection.execute("INSERT INTO t VALUES (?1)", [value]).unwrap();
        });
        assert!(refusal(open_with(&path, Names::default())).contains("t (image)"));
        let message = refusal(open_with(&path, Names { image: Some("image"), ..Names::default() }));
        assert!(message.contains(why), "{message}");
    }
    std::fs::write(&path, "no database, whatever its name may say about it").unwrap();
    assert!(refusal(open_with(&path, Names::default())).contains("SQLite"));
    database(&path, |connection| {
        connection.execute_batch("CREATE TABLE t (image BLOB, label)").unwrap();
        connection.execute("INSERT INTO t VALUES (?1, 3)", [&one]).unwrap();
    });
    survives_damage(&path, 29, || Ok(Box::new(open_with(&path, Names::default())?)));
}
