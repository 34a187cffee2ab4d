//! SQLite databases with a table that has a column of encoded images (blobs), and perhaps one of labels (whole numbers, or
//! texts: names of classes) and one of the images' names (texts). The table is found if it is the only one; images come in the order of their rowids.

use super::encoded::{ALL_NAMES_OR_NUMBERS, Encoded, Found, HEAD_BYTES, Layout, Source, enough, label_by_name};
use super::kinds::{IMAGES, KEYS, LABELS, any_of, pick, pick_where};
use super::{files, refuse};
use crate::dataset::OpenOptions;
use crate::error::{IoContext, Result};
use crate::image_file::{self, Kind, MAX_IMAGE_BYTES};
use crate::store::container::sqlite::reader::uri;
use ::rusqlite::types::ValueRef;
use ::rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// What stands behind the path.
#[derive(Debug, Clone, Copy, Default)]
pub struct Names<'a> {
    pub table: Option<&'a str>,
    pub image: Option<&'a str>,
    pub label: Option<&'a str>,
}

/// An open database.
pub struct Database {
    /// A connection serves one thread at a time.
    connection: Mutex<Connection>,
    /// Finds an image by its rowid.
    one: String,
}

impl Source for Database {
    type Place = i64;

    fn fetch(&self, rowid: &i64, _: usize, out: &mut Vec<u8>) -> Result<(), String> {
        // Poisoned only by a panic in SQLite's binding, after which the next call fails by itself.
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut query = connection.prepare_cached(&self.one).map_err(text)?;
        query.query_row([rowid], |row| Ok(append(row.get_ref(0)?, out))).map_err(text)?
    }
}

fn append(value: ValueRef<'_>, out: &mut Vec<u8>) -> Result<(), String> {
    match value {
        ValueRef::Blob(bytes) if bytes.len() <= MAX_IMAGE_BYTES => {
            out.extend_from_slice(bytes);
            Ok(())
        }
        ValueRef::Blob(_) => Err("it is larger than 1 GiB".into()),
        other => Err(format!("it is no blob, but {}", other.data_type())),
    }
}

fn text(e: ::rusqlite::Error) -> String {
    format!("SQLite cannot read it: {e}")
}

/// A name in a query.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table and those of its columns that matter.
struct Table {
    name: String,
    /// What its rows are numbered by in a query.
    rowid: &'static str,
    image: String,
    label: Option<String>,
    key: Option<String>,
}

/// Opens the database at `path`; `rest` is all that the command line says.
///
/// # Errors
/// When it is none, or there is no such table, or more than one.
pub fn open(rest: &str, path: &Path, names: Names<'_>, options: &OpenOptions) -> Result<Encoded<Database>> {
    path.metadata().at("open", path)?;
    let fail = |why: String| refuse(path, why, "check that it is a whole SQLite database");
    let connection = connect(path).map_err(fail)?;
    // What a stranger's schema calls in passing is not called.
    connection.pragma_update(None, "trusted_schema", false).map_err(text).map_err(fail)?;
    let table = find(&connection, names)
        .map_err(|why| refuse(path, why, "name them: sqlite:FILE,table=NAME,image=COLUMN,label=COLUMN"))?;
    let mut remarks = Vec::new();
    if table.label.is_none() {
        remarks.push(format!("the table {} has no column of labels called {}: all are 0", table.name, any_of(LABELS)));
    }
    let fail = |why: String, remedy: &str| refuse(path, format!("the table {}: {why}", table.name), remedy);
    let rows = || {
        // Both see the same rows, whoever adds some meanwhile.
        let _both = connection.unchecked_transaction().map_err(text)?;
        let texts = label_texts(&connection, &table, enough(options))?;
        Ok((scan(&connection, &table, enough(options), !texts.is_empty())?, texts))
    };
    let (mut images, texts) =
        rows().map_err(|why| fail(why, "give it whole numbers from 0 or names of classes as labels, and rowids"))?;
    label_by_name(&mut images, &texts, &mut remarks).map_err(|why| fail(why, ALL_NAMES_OR_NUMBERS))?;
    let one = format!("SELECT {} FROM {} WHERE {} = ?1", quoted(&table.image), quoted(&table.name), table.rowid);
    let source = Database { connection: Mutex::new(connection), one };
    let (name, state) = (format!("sqlite:{rest}"), files::state(&[path.to_owned()]));
    Encoded::open(Layout { name, path: path.to_owned(), source, images, state, remarks }, options)
}

/// A connection that only reads.
fn connect(path: &Path) -> Result<Connection, String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(text)?;
    let first = connection.query_row("PRAGMA schema_version", [], |_| Ok(()));
    let cannot = first.is_err_and(|e| e.sqlite_error_code() == Some(ErrorCode::CannotOpen));
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if !cannot || Path::new(&log).exists() {
        // Any other error is told when it is asked for something.
        return Ok(connection);
    }
    // With a write-ahead log (PRAGMA journal_mode = WAL) SQLite wants files of its own beside it even to read, and in a
    // folder that takes none there are none. Without the log nobody has it open, and all of it is in the one file.
    let path = std::path::absolute(path).map_err(|e| e.to_string())?;
    Connection::open_with_flags(uri(&path), flags | OpenFlags::SQLITE_OPEN_URI).map_err(text)
}

/// The only table with a column of encoded images.
fn find(connection: &Connection, names: Names<'_>) -> Result<Table, String> {
    let list = |query: &str, of: &[&str]| {
        let mut query = connection.prepare(query).map_err(text)?;
        let names = query.query_map(::rusqlite::params_from_iter(of), |row| row.get::<_, String>(0)).map_err(text)?;
        names.collect::<Result<Vec<_>, _>>().map_err(text)
    };
    let all =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    let (mut found, mut seen) = (Vec::new(), Vec::new());
    for table in list(all, &[])? {
        if names.table.is_some_and(|given| !given.eq_ignore_ascii_case(&table)) {
            continue;
        }
        let columns = list("SELECT name FROM pragma_table_xinfo(?1) WHERE hidden != 1", &[&table])?;
        let columns: Vec<_> = columns.iter().map(String::as_str).collect();
        seen.push(format!("{table} ({})", columns.join(", ")));
        let mut images = Vec::new();
        for column in &columns {
            let given = names.image.map(|given| given.eq_ignore_ascii_case(column));
            if given != Some(false) && is_image(connection, &table, column, given.is_some())? {
                images.push(*column);
            }
        }
        let image = pick(&images, None, IMAGES).map(|(_, name)| name).or(images.first().copied());
        let Some(image) = image else { continue };
        let other = |at: usize| names.label.is_some() || columns[at] != image;
        let label = pick_where(&columns, names.label, LABELS, other).map(|(_, name)| name.to_owned());
        if let (Some(given), None) = (names.label, &label) {
            return Err(format!("the table {table} has no column {given}, but {}", columns.join(", ")));
        }
        let key = pick(&columns, None, KEYS).map(|(_, name)| name).filter(|name| *name != image);
        let rowid = rowid(&columns).ok_or_else(|| format!("all names of rowids are columns of the table {table}"))?;
        found.push(Table { rowid, image: image.to_owned(), label, key: key.map(str::to_owned), name: table });
    }
    let several = found.iter().map(|table| table.name.clone()).collect::<Vec<_>>().join(", ");
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(format!("several tables have columns of images: {several}")),
        (None, _) => {
            seen.truncate(10);
            let held = if seen.is_empty() { "no table".into() } else { seen.join(", ") };
            Err(format!("no table has a column of encoded images; it holds {held}"))
        }
    }
}

/// A name of rowids in a table with such columns: a column of that name would stand for it, and need not be unique.
fn rowid(columns: &[&str]) -> Option<&'static str> {
    ["rowid", "oid", "_rowid_"].into_iter().find(|name| !columns.iter().any(|column| name.eq_ignore_ascii_case(column)))
}

/// Whether the first blob of a column is an encoded image, or any blob will do.
fn is_image(connection: &Connection, table: &str, column: &str, any: bool) -> Result<bool, String> {
    let (table, column) = (quoted(table), quoted(column));
    let query = format!("SELECT substr({column}, 1, 64) FROM {table} WHERE typeof({column}) = 'blob' LIMIT 1");
    let first = connection.query_row(&query, [], |row| row.get::<_, Vec<u8>>(0)).optional().map_err(text)?;
    Ok(first.is_some_and(|bytes| any || Kind::of(&bytes).is_some()))
}

/// The labels of all rows, if one of the first `enough` is a text; one that is missing is empty.
fn label_texts(connection: &Connection, table: &Table, enough: usize) -> Result<Vec<Vec<u8>>, String> {
    let Some(label) = table.label.as_deref().map(quoted) else { return Ok(Vec::new()) };
    let (name, rowid) = (quoted(&table.name), table.rowid);
    let first = format!("SELECT {label} AS label FROM {name} ORDER BY {rowid} LIMIT {}", limit(enough));
    let any = format!("SELECT 1 FROM ({first}) WHERE typeof(label) = 'text' LIMIT 1");
    if connection.query_row(&any, [], |_| Ok(())).optional().map_err(text)?.is_none() {
        return Ok(Vec::new());
    }
    let query = format!("SELECT CAST({label} AS TEXT) FROM {name} ORDER BY {rowid}");
    let mut query = connection.prepare(&query).map_err(text)?;
    let labels = query.query_map([], |row| match row.get_ref(0)? {
        ValueRef::Text(label) => Ok(label.to_vec()),
        _ => Ok(Vec::new()),
    });
    labels.map_err(text)?.collect::<Result<_, _>>().map_err(text)
}

/// So many rows in a query.
fn limit(enough: usize) -> i64 {
    i64::try_from(enough).unwrap_or(i64::MAX)
}

/// What is known of every image, up to `enough`; with labels that are `texts` without these.
fn scan(connection: &Connection, table: &Table, enough: usize, texts: bool) -> Result<Vec<Found<i64>>, String> {
    let column = |name: &Option<String>| name.as_deref().map_or("NULL".into(), quoted);
    let (label, key, image) = (column(&table.label), column(&table.key), quoted(&table.image));
    // Of long images no more is read than a header mostly takes.
    let query = format!(
        "SELECT {rowid}, {label}, {key}, substr({image}, 1, {HEAD_BYTES}) FROM {} ORDER BY {rowid} LIMIT {}",
        quoted(&table.name),
        limit(enough),
        rowid = table.rowid
    );
    let mut query = connection.prepare(&query).map_err(text)?;
    let mut rows = query.query([]).map_err(text)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(text)? {
        let rowid: i64 = row.get(0).map_err(text)?;
        let label = match row.get_ref(1).map_err(text)? {
            ValueRef::Null if table.label.is_none() => 0,
            _ if texts => 0,
            ValueRef::Integer(label) => {
                u32::try_from(label).map_err(|_| format!("the label of row {rowid} is {label}"))?
            }
            other => return Err(format!("the label of row {rowid} is no whole number, but {}", other.data_type())),
        };
        let key = match row.get_ref(2).map_err(text)? {
            ValueRef::Text(key) => key,
            _ => &[],
        };
        let header = match row.get_ref(3).map_err(text)? {
            ValueRef::Blob(bytes) => image_file::header(bytes).ok(),
            _ => None,
        };
        found.push(Found { key: key.into(), label, place: rowid, header });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
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
        assert!(set.remarks()[0].starts_with("2 labels that are no numbers"), "{:?}", set.remarks());
        let first = OpenOptions { images: Some(1), ..Default::default() };
        assert_eq!(labels(&open("x", &path, Names::default(), &first).unwrap()), [1], "as in the whole set");
        fill(&[&"7", &8, &"9"]);
        assert_eq!(labels(&open_with(&path, Names::default()).unwrap()), [7, 8, 9]);
        fill(&[&7, &None::<i64>, &9]);
        assert!(
            refusal(open_with(&path, Names::default())).contains("the label of row 2 is no whole number, but Null")
        );
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
        assert!(refusal(open_with(&path, Names::default())).contains("and rowids"));
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
        let found =
            |columns| contents(&fill(columns).unwrap()).into_iter().map(|one| (one.1, one.3)).collect::<Vec<_>>();
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
}
