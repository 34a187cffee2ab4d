//! What became of all damages, as a table.

use crate::child::Outcome;
use crate::damage::{Damage, KINDS};
use shelfmark::store::FormatId;
use std::collections::BTreeMap;
use std::fmt;

/// Columns that every outcome falls into. What is silently wrong is counted
/// apart where the damage hit no file with images in it.
const COLUMNS: [&str; 7] =
    ["noticed", "harmless", "silently wrong", "in names or labels.csv", "killed the reader", "hung it", "forbidden"];

const KILLED: usize = 4;
const HUNG: usize = 5;
const FORBIDDEN: usize = 6;

/// Counts for each format, and for each kind of damage and format.
pub struct Tally {
    damages: u64,
    /// Formats in the order they were tried, with the counts of `COLUMNS`, and those of each kind.
    rows: Vec<(String, Counts, BTreeMap<usize, Counts>)>,
    /// What must not happen, in words.
    pub forbidden: Vec<String>,
    /// How processes were killed, and how often.
    killed: BTreeMap<String, u64>,
}

type Counts = [u64; COLUMNS.len()];

impl Tally {
    /// For so many damages of each format.
    pub fn new(damages: u64) -> Self {
        Self { damages, rows: Vec::new(), forbidden: Vec::new(), killed: BTreeMap::new() }
    }

    /// Formats that were counted.
    pub fn formats(&self) -> usize {
        self.rows.len()
    }

    /// Counts one.
    pub fn count(&mut self, id: &FormatId, damage: &Damage, outcome: &Outcome, allowed: bool) {
        let id = id.to_string();
        if self.rows.last().is_none_or(|(last, ..)| *last != id) {
            self.rows.push((id.clone(), Counts::default(), BTreeMap::new()));
        }
        let column = match outcome {
            _ if !allowed => FORBIDDEN,
            Outcome::Noticed => 0,
            Outcome::Harmless => 1,
            Outcome::Wrong if damage.is_beside_images() => 3,
            Outcome::Wrong => 2,
            Outcome::Killed(_) => KILLED,
            Outcome::Hung => HUNG,
            Outcome::Panicked(_) => FORBIDDEN,
        };
        if let Outcome::Killed(how) = outcome {
            *self.killed.entry(format!("{id}: {how}")).or_default() += 1;
        }
        let kind = KINDS.iter().position(|(kind, _)| *kind == damage.kind).unwrap();
        let (_, all, kinds) = self.rows.last_mut().unwrap();
        all[column] += 1;
        kinds.entry(kind).or_default()[column] += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n| format | damages | {} |", COLUMNS.join(" | "))?;
        writeln!(f, "|---|{}", "---:|".repeat(COLUMNS.len() + 1))?;
        for (id, counts, _) in &self.rows {
            writeln!(f, "| `{id}` | {} | {} |", self.damages, counts.map(|count| count.to_string()).join(" | "))?;
        }
        writeln!(f, "\nSilently wrong, of how many damages of each kind (x: killed or hung the reader)\n")?;
        writeln!(f, "| format | {} |", KINDS.map(|(_, name)| name).join(" | "))?;
        writeln!(f, "|---|{}", "---:|".repeat(KINDS.len()))?;
        for (id, _, kinds) in &self.rows {
            write!(f, "| `{id}` |")?;
            for kind in 0..KINDS.len() {
                let counts = kinds.get(&kind).copied().unwrap_or_default();
                let lost = counts[KILLED] + counts[HUNG];
                let lost = if lost > 0 { format!(" ({lost}x)") } else { String::new() };
                write!(f, " {}/{}{lost} |", counts[2] + counts[3], counts.iter().sum::<u64>())?;
            }
            writeln!(f)?;
        }
        for (how, times) in &self.killed {
            writeln!(f, "\n{times} x {how}")?;
        }
        Ok(())
    }
}
