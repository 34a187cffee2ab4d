//! After how many epochs converting pays. Without a script for the dataset as it was measured; with one for the reader's
//! own number of images.

use super::super::format;
use super::super::model::{Group, Row, interleaved};
use super::super::pick::{SEQUENTIAL_FACTOR, too_few_samples};
use super::super::rank::Sheet;
use super::{breakable, clean, data, escape, heading};
use serde_json::json;
use std::fmt::Write as _;

/// Microseconds an image, with the interval: estimate, shortest, longest.
type Time = [f64; 3];

/// What a format costs.
struct Price<'a> {
    format: &'a str,
    /// An epoch.
    epoch: Time,
    /// Going through it in order, to convert it: that of an epoch where it was not measured.
    scan: Time,
    /// Writing it.
    write: Option<Time>,
    /// Allocated bytes.
    bytes: Option<f64>,
}

const EPOCHS: u32 = 100;

/// Writes the calculator, where enough was measured for it.
pub(super) fn breakeven(out: &mut String, sheet: &Sheet<'_, '_>, level: usize, id: &str) {
    let Some(group) = sheet.groups.first() else { return };
    // As nobody is ranked by them.
    if too_few_samples(group) || !group.results.run.complete {
        return;
    }
    let prices: Vec<Price<'_>> = sheet.rows.iter().filter_map(|row| price(group, row)).collect();
    if prices.iter().filter(|price| price.write.is_some()).count() < 2 {
        return;
    }
    let slowest = prices.iter().max_by(|a, b| a.epoch[0].total_cmp(&b.epoch[0]));
    let usual = prices.iter().find(|price| ["dir:source", "dir:png"].contains(&price.format));
    let Some(from) = usual.or(slowest) else { return };
    let images = group.dataset.map_or(group.columns.first().map_or(1, |c| c.images), |dataset| dataset.images).max(1);
    heading(out, level, &format!("{id}breakeven"), "When converting pays");
    out.push_str(
        "<p class=\"how\"><b>How to read this:</b> converting reads every image once, in order, from what you have, and writes a new \
         store, synced at its end; each epoch then takes another time than before. All of it is what this run measured for an \
         image, times your number of images: reads were in the first cache state of this page, so a set that \
         does not fit into memory takes longer on both sides. Brackets come from the intervals of all times together.</p>\n",
    );
    let _ = writeln!(out, "<div class=\"breakeven\">\n<form>");
    let _ =
        write!(out, "<p><label for=\"{id}pay-have\">You have now</label> <select id=\"{id}pay-have\" name=\"have\">");
    for price in &prices {
        let selected = if price.format == from.format { " selected" } else { "" };
        let _ = write!(out, "<option{selected}>{}</option>", escape(price.format));
    }
    let _ = writeln!(
        out,
        "</select></p><p><label for=\"{id}pay-images\">Images</label> <input type=\"number\" id=\"{id}pay-images\" name=\"images\" \
         min=\"1\" max=\"1000000000000\" step=\"1\" value=\"{images}\"></p><p><label for=\"{id}pay-epochs\">Epochs</label> <input type=\"number\" \
         id=\"{id}pay-epochs\" name=\"epochs\" min=\"1\" max=\"1000000\" value=\"{EPOCHS}\"></p></form>"
    );
    let caption = "What converting costs, and when it pays";
    let _ = write!(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table class=\"plain\">\
         <caption>{caption}</caption><thead><tr><th scope=\"col\">into</th><th scope=\"col\">converting takes</th>\
         <th scope=\"col\">an epoch takes</th><th scope=\"col\">pays after</th><th scope=\"col\">all epochs and converting</th>\
         <th scope=\"col\">space</th></tr></thead><tbody aria-live=\"polite\">"
    );
    for to in &prices {
        let _ = write!(out, "<tr data-f=\"{}\"><th scope=\"row\">{}</th>", escape(to.format), breakable(to.format));
        line(from, to, images as f64, f64::from(EPOCHS)).iter().for_each(|text| {
            let _ = write!(out, "<td>{}</td>", escape(text));
        });
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    let all = prices.iter().map(
        |p| json!({ "format": clean(p.format), "epoch": p.epoch, "scan": p.scan, "write": p.write, "bytes": p.bytes }),
    );
    data(out, "prices", &all.collect());
    out.push_str("</div>\n");
}

fn price<'a>(group: &Group<'a>, row: &Row<'a>) -> Option<Price<'a>> {
    let time = |workload: &str| -> Option<Time> {
        let column = group.column(workload).filter(|column| column.ranked())?;
        let point = group.point(row, column, column.images)?;
        let (lo, hi) = point.interval?;
        // Of two times that were measured one after another, what is within the factor is not told apart.
        let doubt = if interleaved(group.results) { 1.0 } else { SEQUENTIAL_FACTOR.sqrt() };
        Some([1e6 / point.rate, 1e6 / hi / doubt, 1e6 / lo * doubt])
    };
    let epoch = time("epoch")?;
    let bytes = group.space(row).map(|(images, storage)| storage.allocated_bytes as f64 / images as f64);
    Some(Price { format: row.format, epoch, scan: time("scan").unwrap_or(epoch), write: time("write_batch"), bytes })
}

/// The cells of a line: as `script.js` makes them.
fn line(from: &Price<'_>, to: &Price<'_>, images: f64, epochs: f64) -> [String; 5] {
    let seconds = |us: f64| format::duration(us * images / 1e6);
    let epoch = seconds(to.epoch[0]);
    let space = to.bytes.map_or(format::NONE.to_owned(), |bytes| format::bytes((bytes * images) as u64));
    if from.format == to.format {
        return ["what you have".into(), epoch, format::NONE.into(), seconds(to.epoch[0] * epochs), space];
    }
    let Some(write) = to.write else {
        return ["not measured".into(), epoch, format::NONE.into(), format::NONE.into(), space];
    };
    let cost = from.scan[0] + write[0];
    let all = seconds(cost + to.epoch[0] * epochs);
    [seconds(cost), epoch, pays(from, to, write), all, space]
}

/// After how many epochs, and how many that may be.
fn pays(from: &Price<'_>, to: &Price<'_>, write: Time) -> String {
    let after = |cost: f64, gain: f64| (gain > 0.0).then(|| (cost / gain).ceil().max(1.0));
    let likely = after(from.scan[0] + write[0], from.epoch[0] - to.epoch[0]);
    let soonest = after(from.scan[1] + write[1], from.epoch[2] - to.epoch[1]);
    let latest = after(from.scan[2] + write[2], from.epoch[1] - to.epoch[2]);
    let epochs = |n: f64| if n == 1.0 { "1 epoch".to_owned() } else { format!("{} epochs", format::count(n as u64)) };
    match (likely, soonest, latest) {
        (_, None, _) => "never".into(),
        (None, Some(_), _) => "never, or not told apart".into(),
        (Some(n), Some(_), None) => format!("{} (or never)", epochs(n)),
        (Some(n), Some(a), Some(b)) if a == b => epochs(n),
        (Some(n), Some(a), Some(b)) => {
            format!("{} ({} to {})", epochs(n), format::count(a as u64), format::count(b as u64))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converting_pays_when_what_it_cost_is_saved() {
        let exact = |us: f64| [us, us, us];
        let price = |format, epoch: f64, write: f64| Price {
            format,
            epoch: exact(epoch),
            scan: exact(epoch),
            write: Some(exact(write)),
            bytes: Some(3_000.0),
        };
        let (slow, fast) = (price("dir:png", 30.0, 400.0), price("lmdb:raw", 1.0, 5.0));
        // 35 us to convert an image, 29 us less each epoch.
        assert_eq!(line(&slow, &fast, 1e6, 10.0), ["35.0 s", "1.00 s", "2 epochs", "45.0 s", "2.79 GiB"]);
        assert_eq!(line(&fast, &slow, 1e6, 10.0)[2], "never");
        assert_eq!(line(&slow, &slow, 1e6, 10.0)[0], "what you have");
        let unsure = Price { epoch: [29.0, 20.0, 35.0], ..price("a:b", 29.0, 5.0) };
        assert_eq!(pays(&slow, &unsure, exact(5.0)), "35 epochs (or never)");
        let perhaps = Price { epoch: [31.0, 20.0, 35.0], ..price("a:b", 31.0, 5.0) };
        assert_eq!(pays(&slow, &perhaps, exact(5.0)), "never, or not told apart");
        // The soonest is by the shortest time that writing may take, the latest by the longest.
        assert_eq!(pays(&slow, &fast, [50.0, 20.0, 90.0]), "3 epochs (2 to 5)");
        let close = Price { epoch: [20.0, 19.0, 21.0], ..price("a:b", 20.0, 5.0) };
        assert_eq!(pays(&slow, &close, exact(5.0)), "4 epochs");
    }
    #[test]
    fn prices_are_times_with_their_ends_in_order_and_allocated_bytes() {
        let mut results = crate::report::run_fixture::run();
        for cell in &mut results.cells {
            let storage = cell.storage.as_mut().unwrap();
            (storage.allocated_bytes, storage.apparent_bytes) = (8_000_000, 1);
        }
        let all = [results];
        let groups = crate::report::model::groups(&all);
        let row = groups[0].rows.iter().find(|row| row.format == "dir:png").unwrap();
        let price = price(&groups[0], row).unwrap();
        let [time, shortest, longest] = price.epoch;
        assert!(shortest < time && time < longest && (time - 30.0).abs() < 1e-6, "{:?}", price.epoch);
        assert_eq!((price.bytes, price.scan), (Some(8_000.0), price.epoch));
    }
}
