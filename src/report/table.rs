//! Rows of text under headings, for the page, for terminals, for comments and for spreadsheets.

use super::format::broken;
use super::html::clean;
use super::markdown;
use std::fmt::Write as _;

/// Rows of text under headings; all rows are as long as the headings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Headings.
    pub(super) heads: Vec<String>,
    /// Which column names the row.
    pub(super) name: usize,
    /// Rows.
    pub(super) rows: Vec<Vec<String>>,
}

/// Width of text that runs on.
const WIDTH: usize = 118;

impl Table {
    /// An empty table whose column `name` names its rows.
    pub fn new(heads: &[&str], name: usize) -> Self {
        Self { heads: heads.iter().map(|h| (*h).to_owned()).collect(), name, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Its rows.
    pub(super) fn into_rows(self) -> Vec<Vec<String>> {
        self.rows
    }

    /// The table as a terminal shows it, under `title`, with `notes` beneath.
    pub fn text(&self, title: &str, notes: &[String]) -> String {
        let all: Vec<Vec<String>> = std::iter::once(&self.heads)
            .chain(&self.rows)
            .map(|row| row.iter().map(|text| clean(text)).collect())
            .collect();
        let columns = self.heads.len();
        let width = |nth: usize| all.iter().filter_map(|row| row.get(nth)).map(|text| text.chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|nth| width(nth).unwrap_or(0)).collect();
        let mut out = format!("{}\n", clean(title));
        for row in &all {
            let mut line = String::from(" ");
            for (text, width) in row.iter().zip(&widths) {
                let _ = write!(line, " {text:width$} ");
            }
            let _ = writeln!(out, "{}", line.trim_end());
        }
        for note in notes {
            broken(&clean(note), WIDTH, &[' ']).into_iter().for_each(|line| out += &format!("{line}\n"));
        }
        out + "\n"
    }

    /// The table for comments, under `title`, with `notes` beneath.
    pub fn markdown(&self, title: &str, notes: &[String]) -> String {
        let mut out = format!("**{}**\n\n", markdown::escape(title));
        let line = |row: &[String]| {
            row.iter().fold(String::from("|"), |line, text| line + &format!(" {} |", markdown::escape(text)))
        };
        let _ = writeln!(out, "{}\n|{}", line(&self.heads), "---|".repeat(self.heads.len()));
        self.rows.iter().for_each(|row| out += &format!("{}\n", line(row)));
        notes.iter().for_each(|note| out += &format!("\n{}\n", markdown::escape(note)));
        out + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let mut table = Table::new(&["name", "what"], 0);
        table.push(vec!["=HYPERLINK(1)".into(), "<b>|\u{1b}[2J".into()]);
        table.push(vec!["-1.5".into(), "a, \"b\"".into()]);
        let text = table.text("t\u{1b}", &[]);
        assert!(!text.contains('\u{1b}') && text.contains("  =HYPERLINK(1)  <b>|"), "{text}");
        let text = table.markdown("*t*", &["a | b".into()]);
        assert!(text.starts_with("**\\*t\\***") && text.contains("&lt;b&gt;\\|") && text.contains("a \\| b"), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with('|')).count(), 4);
    }
}
