//! Rows as CSV (RFC 4180), for spreadsheets and data frames: the one place that writes it.

use crate::error::{IoContext, Result};

/// Rows of fields, the first of them the heads, all equally long. No field is taken for a formula.
///
/// # Errors
/// [`crate::Error::Io`] when rows differ in length.
pub(crate) fn csv(rows: impl IntoIterator<Item = Vec<String>>) -> Result<String> {
    let mut out = csv::Writer::from_writer(Vec::new());
    for row in rows {
        let row = row.iter().map(|text| harmless(text));
        out.write_record(row).map_err(std::io::Error::from).at("write", "the table")?;
    }
    let bytes = out.into_inner().map_err(|e| e.into_error()).at("write", "the table")?;
    String::from_utf8(bytes).map_err(std::io::Error::other).at("write", "the table")
}

/// Text that no spreadsheet takes for a formula: one that would gets an apostrophe before it, as
/// <https://owasp.org/www-community/attacks/CSV_Injection> says. Names of files may hold anything; numbers stay numbers.
fn harmless(text: &str) -> String {
    let formula = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    // Blanks before it do not stop every spreadsheet.
    let risky = text.starts_with(formula) || text.trim_start().starts_with(formula);
    if risky && text.parse::<f64>().is_err() { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_a_formula_and_everything_is_quoted_where_it_has_to_be() {
        let rows = [["name", "what"], ["=HYPERLINK(1)", " @x"], ["-1.5", "a, \"b\"\nc"]];
        let text = csv(rows.map(|row| row.map(str::to_owned).to_vec())).unwrap();
        assert_eq!(text, "name,what\n'=HYPERLINK(1),' @x\n-1.5,\"a, \"\"b\"\"\nc\"\n");
        for bad in ["=1+1", "+1a", "-cmd", "@sum", "\t=1", "\r=1", " =1", "＝1"] {
            assert_eq!(harmless(bad), format!("'{bad}"));
        }
        for good in ["lmdb:raw", "a=b", "-1.5", "+2", "", "a\n=b"] {
            assert_eq!(harmless(good), good);
        }
        assert!(csv([vec!["a".to_owned()], vec![]]).is_err());
    }
}
