//! The answer box: the questions with their answers, and a ranking by weights of the reader's own. Without a script it
//! shows the ranking by the weights that the sliders begin with; `script.js` ranks anew, by the same rule as `rank`.

use super::super::format;
use super::super::model::{Group, interleaved, outcome, point};
use super::super::rank::{Criterion, Figure, Ranked, Role, Sheet, weigh};
use super::super::words;
use super::{breakable, clean, data, escape, heading};
use crate::run::COUNTED;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A slider: what it moves, where it begins (in percent), which criteria it needs, and where it stands without each.
struct Slider {
    id: &'static str,
    /// What its ends are called.
    ends: (&'static str, &'static str),
    needs: &'static [Role],
}

const SLIDERS: [Slider; 4] = [
    Slider { id: "reads", ends: ("writing", "reading"), needs: &[Role::Write] },
    Slider { id: "single", ends: ("reads in batches", "single reads"), needs: &[Role::Single, Role::Batch] },
    Slider { id: "cold", ends: ("warm reads", "cold reads"), needs: &[Role::ColdBatch] },
    Slider { id: "space", ends: ("space is free", "space counts like time"), needs: &[Role::Space] },
];

/// Writes the box; `id` begins its anchors.
pub(super) fn choose(out: &mut String, sheet: &Sheet<'_, '_>, level: usize, id: &str) {
    heading(out, level, &format!("{id}answers"), "Which format?");
    let Some(group) = sheet.groups.first() else { return };
    out.push_str("<dl class=\"answers\">\n");
    for words::Answer { question, short, rest } in words::answers(group) {
        let (short, rest) = (escape(&short), escape(&rest));
        let _ = writeln!(out, "<div><dt>{question}</dt><dd><strong>{short}</strong> {rest}</dd></div>");
    }
    out.push_str("</dl>\n");
    let _ = writeln!(out, "<p class=\"note\">{}</p>", escape(&scope(group)));
    if only_counted(sheet) {
        let _ = writeln!(
            out,
            "<p>Nothing was timed: this run counted calls, bytes and files, which are under “Beside speed”. There is nothing to rank by \
             speed here, and no history to draw: <code>shelfmark history show</code> prints how the counts did from run to run.</p>"
        );
        return;
    }
    if sheet.rows.len() < 2 {
        return;
    }
    if let Some(names) = unweighed(sheet) {
        let _ = writeln!(
            out,
            "<p>There is nothing to weigh here: the weights of this page are for single reads, reads in batches and writing whole \
             stores, and this run measured {names}. <code>shelfmark rank</code> ranks by these, with <code>--weights</code>.</p>",
            names = escape(&names)
        );
        return;
    }
    let ranked = sheet.rank(|criterion| weigh(criterion.role, sheet.usual()));
    let _ = writeln!(out, "<div class=\"choose\" id=\"{id}choose\">");
    heading(out, level + 1, &format!("{id}weights"), "Weighed for your own use");
    out.push_str("<form class=\"sliders\">\n");
    SLIDERS.iter().zip(sheet.usual()).for_each(|(slider, at)| self::slider(out, slider, at, sheet, id));
    out.push_str("</form>\n<div class=\"ranked\" aria-live=\"polite\">");
    let left_out = escape(&ranked.left_out().join(" "));
    let _ =
        writeln!(out, "<p class=\"verdict\">{}</p>\n<p class=\"left-out\">{left_out}</p>", escape(&verdict(&ranked)));
    ranking(out, &ranked);
    out.push_str("</div>\n");
    let how = "The score is the weighted geometric mean of the time (or space) a format takes over that of the best, with \
               the 95 % interval that follows from those of the verdicts. A rank is as wide as that and a margin of 2 % \
               leave it: formats that share one are not told apart. Only what a format's own library delivers is ranked here.";
    let _ = writeln!(out, "<p class=\"note\">{how}</p>");
    data(out, "sheet", &embedded(sheet));
    out.push_str("</div>\n");
}

/// Whether the run took down what repeats exactly, and no time.
fn only_counted(sheet: &Sheet<'_, '_>) -> bool {
    let mut cells = sheet.groups.iter().flat_map(|group| group.cells()).peekable();
    cells.peek().is_some()
        && cells.all(|cell| point(cell).is_none())
        && sheet.groups.iter().any(|group| group.cells().iter().any(|cell| cell.reason.as_deref() == Some(COUNTED)))
}

/// What was measured, where none of it is what the sliders weigh.
fn unweighed(sheet: &Sheet<'_, '_>) -> Option<String> {
    let (weighed, others): (Vec<_>, Vec<_>) =
        sheet.criteria.iter().filter(|c| c.role != Some(Role::Space)).partition(|c| c.role.is_some());
    let names: Vec<&str> = others.iter().map(|criterion| criterion.name.as_str()).collect();
    let tried = [Role::Single, Role::Batch, Role::Write].into_iter().any(|role| failed(sheet, role));
    (weighed.is_empty() && !names.is_empty() && !tried).then(|| names.join(", "))
}

/// What the answers speak of.
fn scope(group: &Group<'_>) -> String {
    let stores = match (interleaved(group.results), group.results.run.profile.as_str()) {
        (true, "full") => "several stores of each format",
        _ => "one store of each format",
    };
    let dataset = group.dataset.map_or(group.dataset_id.to_owned(), words::dataset);
    let threads = if group.threads == 1 { "one thread".to_owned() } else { format!("{} threads", group.threads) };
    let reads = format!("reads with a {} cache by {threads}", group.cache);
    let (host, place) = (words::host(group.results), words::place(group.results));
    format!("This speaks of {stores}, of {reads}, of {dataset}; on {host}; {place}.")
}

fn slider(out: &mut String, slider: &Slider, at: f64, sheet: &Sheet<'_, '_>, id: &str) {
    let Slider { id: name, ends: (low, high), needs } = slider;
    let missing = needs.iter().find_map(|role| lacks(sheet, *role));
    let value = at * 100.0;
    let disabled = if missing.is_some() { " disabled" } else { "" };
    let _ = write!(
        out,
        "<p><label for=\"{id}weigh-{name}\"><span>{low}</span><span>{high}</span></label><input type=\"range\" \
         id=\"{id}weigh-{name}\" name=\"{name}\" min=\"0\" max=\"100\" step=\"5\" value=\"{value}\"{disabled}>\
         <output for=\"{id}weigh-{name}\">{value} %</output>"
    );
    if let Some(why) = missing {
        let _ = write!(out, "<small>{}</small>", escape(&why));
    }
    out.push_str("</p>\n");
}

/// Why there is nothing to weigh by a role.
fn lacks(sheet: &Sheet<'_, '_>, role: Role) -> Option<String> {
    match sheet.criteria.iter().find(|criterion| criterion.role == Some(role)) {
        Some(Criterion { figures: Ok(_), .. }) => None,
        Some(Criterion { name, figures: Err(why), .. }) => Some(format!("{name}: {why}")),
        None if failed(sheet, role) => Some("every cell of it failed: see “Not measured” below".into()),
        None => Some(match role {
            Role::ColdSingle | Role::ColdBatch => "cold reads were not measured (--cache cold-data)".into(),
            Role::Single => "single reads were not measured".into(),
            Role::Batch => "reads in batches were not measured".into(),
            Role::Write => "writing was not measured".into(),
            Role::Space => "no store's size is known".into(),
        }),
    }
}

/// Whether cells that would speak for a role were tried, and went wrong.
fn failed(sheet: &Sheet<'_, '_>, role: Role) -> bool {
    let (workloads, cold): (&[&str], bool) = match role {
        Role::Single => (&["read_one"], false),
        Role::ColdSingle => (&["read_one"], true),
        Role::Batch => (&["epoch", "scan", "read_batch"], false),
        Role::ColdBatch => (&["epoch", "scan", "read_batch"], true),
        Role::Write => (&["write_batch"], false),
        Role::Space => return false,
    };
    sheet.groups.iter().flat_map(|group| group.cells()).any(|cell| {
        workloads.contains(&cell.workload.as_str())
            && (role == Role::Write || (cell.cache != "warm") == cold)
            && matches!(outcome(cell), "failed" | "timeout")
    })
}

/// Who comes first, in words.
fn verdict(ranked: &Ranked) -> String {
    let mut first = ranked.places.iter().filter(|place| place.first == 1).map(|place| place.format.as_str());
    let by = ranked.weighed();
    match first.next() {
        None => "Nothing can be ranked by these weights.".into(),
        Some(best) => {
            let others = format::some(first.collect::<Vec<_>>().into_iter(), ", ");
            let tied = if others.is_empty() { String::new() } else { format!("; not told apart from it: {others}") };
            format!("First by {by}: {best}{tied}.")
        }
    }
}

fn ranking(out: &mut String, ranked: &Ranked) {
    let caption = "Ranking by the weights above";
    let _ = write!(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table class=\"plain ranking\">\
         <caption>{caption}</caption><thead><tr><th scope=\"col\">rank</th><th scope=\"col\">format</th>\
         <th scope=\"col\">score</th><th scope=\"col\">interval</th></tr></thead><tbody>"
    );
    let places = ranked.places.iter().map(|place| (&place.format, true));
    let unranked = ranked.unranked.iter().map(|(format, _)| (format, false));
    for (row, (format, is_ranked)) in ranked.table().into_rows().into_iter().zip(places.chain(unranked)) {
        let _ = write!(out, "<tr data-f=\"{}\">", escape(format));
        for (nth, text) in row.iter().enumerate() {
            let _ = match (nth, is_ranked) {
                (1, _) => write!(out, "<th scope=\"row\">{}</th>", breakable(text)),
                // The reason takes both columns.
                (2, false) => write!(out, "<td colspan=\"2\">{}</td>", escape(text)),
                (3, false) => Ok(()),
                _ => write!(out, "<td>{}</td>", escape(text)),
            };
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>\n");
}

/// What the script ranks by.
fn embedded(sheet: &Sheet<'_, '_>) -> Value {
    let figure = |figure: &Result<Figure, String>| match figure {
        Ok(Figure { ln, below, above }) => json!([ln, below, above]),
        Err(why) => json!(clean(why)),
    };
    let criterion = |criterion: &Criterion| {
        let (figures, why) = match &criterion.figures {
            Ok(figures) => (figures.iter().map(figure).collect(), None),
            Err(why) => (Vec::new(), Some(clean(why))),
        };
        json!({ "name": clean(&criterion.name), "role": criterion.role.map(Role::name), "why": why, "figures": figures })
    };
    json!({
        "formats": sheet.rows.iter().map(|row| clean(row.format)).collect::<Vec<_>>(),
        "criteria": sheet.criteria.iter().filter(|c| c.role.is_some()).map(criterion).collect::<Vec<_>>(),
        "margin": crate::stats::Rule::default().differ,
    })
}
