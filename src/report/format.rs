//! Numbers as people read them: three significant digits, thousands separated, units always named.

/// What stands where a number is missing or is no number.
pub(crate) const NONE: &str = "–";

/// Three significant digits with thousands separated: `0.0512`, `51.2`, `12,300`. Not for huge numbers.
pub(crate) fn sig3(value: f64) -> String {
    if !value.is_finite() {
        return NONE.into();
    }
    if value == 0.0 {
        return "0".into();
    }
    // `{:e}` rounds once, correctly; deriving digits by logarithms would show 999.6 as "1000.".
    let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    let exponent = rounded.abs().log10().floor();
    if !(-6.0..15.0).contains(&exponent) {
        return format!("{rounded:.2e}");
    }
    let decimals = (2.0 - exponent).max(0.0) as usize;
    group(&format!("{rounded:.decimals$}"))
}

/// A rate without its unit: `1,230`, `123,000`, `1.23 M`, `1.23 G`.
pub(crate) fn rate(value: f64) -> String {
    match value.abs() {
        v if !v.is_finite() => NONE.into(),
        v if v >= 999.5e6 => format!("{} G", sig3(value / 1e9)),
        v if v >= 999.5e3 => format!("{} M", sig3(value / 1e6)),
        _ => sig3(value),
    }
}

/// Microseconds, with the unit: `0.812 µs`, `1,100 µs`.
pub(super) fn micros(us: f64) -> String {
    if us.is_finite() { format!("{} µs", sig3(us)) } else { NONE.into() }
}

/// A duration in the unit that suits it: `850 ns`, `1.20 ms`, `3.40 s`, `12 min`.
pub(super) fn seconds(s: f64) -> String {
    match s {
        _ if !s.is_finite() => NONE.into(),
        0.0 => "0 s".into(),
        s if s.abs() < 1e-6 => format!("{} ns", sig3(s * 1e9)),
        s if s.abs() < 1e-3 => micros(s * 1e6),
        s if s.abs() < 1.0 => format!("{} ms", sig3(s * 1e3)),
        s if s.abs() < 600.0 => format!("{} s", sig3(s)),
        _ => format!("{} min", sig3(s / 60.0)),
    }
}

/// A duration that may be long: `12 min`, `3.40 h`, `5.10 days`.
pub(super) fn duration(s: f64) -> String {
    match s {
        s if s.is_finite() && s >= 172_800.0 => format!("{} days", sig3(s / 86_400.0)),
        s if s.is_finite() && s >= 6_000.0 => format!("{} h", sig3(s / 3_600.0)),
        s => seconds(s),
    }
}

/// An interval of rates: `1.22 M to 1.28 M images/s`.
pub(super) fn interval(ends: Option<(f64, f64)>, unit: &str) -> String {
    ends.map_or(NONE.into(), |(lo, hi)| format!("{} to {} {unit}", rate(lo), rate(hi)).trim_end().to_owned())
}

/// A whole number with thousands separated.
pub(crate) fn count(value: u64) -> String {
    group(&value.to_string())
}

/// So many of what has a regular plural: `1 file`, `10,000 files`.
pub(crate) fn many(n: u64, what: &str) -> String {
    format!("{} {what}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A number of images: `1 image`, `10,000 images`.
pub(super) fn images(n: u64) -> String {
    many(n, "image")
}

/// Names in a line: the first few, and how many more there are. All of them are in a table.
pub(super) fn some<'a>(names: impl ExactSizeIterator<Item = &'a str>, between: &str) -> String {
    const MOST: usize = 6;
    let more = names.len().saturating_sub(MOST);
    // One more name is as short as saying that there is one.
    let (shown, more) = if more == 1 { (MOST + 1, 0) } else { (MOST, more) };
    let told = names.take(shown).collect::<Vec<_>>().join(between);
    if more == 0 { told } else { format!("{told} and {more} others") }
}

/// A reason without the word for how it ended, which stands before it: errors begin with what they are about, and the word.
pub(super) fn without<'a>(reason: &'a str, word: &str) -> &'a str {
    let own = reason.strip_prefix(word).map(|rest| rest.trim_start_matches([':', ' ']));
    own.unwrap_or_else(|| reason.split_once(&format!(": {word}: ")).map_or(reason, |(_, rest)| rest))
}

/// The reason behind that word, in short: what may be done about it is told once, under “Not measured”.
pub(super) fn cause<'a>(reason: &'a str, word: &str) -> &'a str {
    without(reason, word).split("; ").next().unwrap_or_default()
}

/// Bytes: exact below 10 KiB, then KiB, MiB (2^20), GiB and TiB.
pub(super) fn bytes(value: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if value < 10 * 1024 {
        return format!("{} B", count(value));
    }
    let mut size = value as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1000.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{} {}", sig3(size), UNITS[unit])
}

/// Bytes an image, which need not be whole: `3,072 B`, `2,451.3 B`, `147 KiB`.
pub(super) fn bytes_each(value: f64) -> String {
    match value {
        v if !v.is_finite() => NONE.into(),
        v if v >= 10.0 * 1024.0 => bytes(v.round() as u64),
        v if v.fract() == 0.0 => format!("{} B", count(v as u64)),
        v => format!("{} B", group(&format!("{v:.1}"))),
    }
}

/// A share of one in percent: `± 1.2 %` is written by the caller.
pub(crate) fn percent(share: f64) -> String {
    match share * 100.0 {
        p if !p.is_finite() => NONE.into(),
        p if p.abs() >= 99.5 => format!("{} %", group(&format!("{p:.0}"))),
        p if p.abs() >= 9.95 => format!("{p:.0} %"),
        p if p.abs() >= 0.095 => format!("{p:.1} %"),
        0.0 => "0 %".into(),
        p => format!("{p:.2} %"),
    }
}

/// How many times: `1.25 ×`, `1,280 ×`.
pub(super) fn times(ratio: f64) -> String {
    if ratio.is_finite() { format!("{} ×", sig3(ratio)) } else { NONE.into() }
}

/// A label at an axis tick: `0.5`, `200`, `10 k`, `1 M`.
pub(super) fn tick(value: f64) -> String {
    let plain = |v: f64| {
        let text = format!("{v:.6}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match value.abs() {
        0.0 => "0".into(),
        v if !(1e-5..1e15).contains(&v) => format!("{value:.0e}"),
        v if v >= 1e12 => format!("{} T", plain(value / 1e12)),
        v if v >= 1e9 => format!("{} G", plain(value / 1e9)),
        v if v >= 1e6 => format!("{} M", plain(value / 1e6)),
        v if v >= 1e4 => format!("{} k", plain(value / 1e3)),
        v if v >= 1e3 => group(&plain(value)),
        _ => plain(value),
    }
}

/// `text` cut to `most` characters, the last one an ellipsis where something was cut.
pub(super) fn ellipsis(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// All of `text` in lines of at most `most` characters: broken behind `ends`, elsewhere only in what is too long by itself.
pub(crate) fn broken(text: &str, most: usize, ends: &[char]) -> Vec<String> {
    let length = |text: &str| text.chars().count();
    let mut lines = vec![String::new()];
    for part in text.split_inclusive(ends) {
        if lines.last().is_some_and(|line| !line.is_empty() && length(line) + length(part.trim_end()) > most) {
            lines.push(String::new());
        }
        for c in part.chars() {
            if c != ' ' && lines.last().is_some_and(|line| length(line) >= most) {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                line.push(c);
            }
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// Sets commas between the thousands of the whole part.
fn group(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut out = String::from(sign);
    for (nth, digit) in whole.chars().enumerate() {
        if nth > 0 && (whole.len() - nth) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_keep_three_digits() {
        for (value, text) in [
            (0.0512, "0.0512"),
            (1.0, "1.00"),
            (51.24, "51.2"),
            (999.6, "1,000"),
            (12_345.0, "12,300"),
            (999_400.0, "999,000"),
            (999_600.0, "1.00 M"),
            (1_234_000.0, "1.23 M"),
            (2.5e9, "2.50 G"),
            (0.0, "0"),
            (f64::NAN, NONE),
            (f64::INFINITY, NONE),
        ] {
            assert_eq!(rate(value), text, "{value}");
        }
    }

    #[test]
    fn sizes_and_counts() {
        assert_eq!(bytes(3072), "3,072 B");
        assert_eq!(bytes(30_720_000), "29.3 MiB");
        assert_eq!(bytes(u64::MAX), "16,400 PiB");
        assert_eq!(bytes_each(2451.32), "2,451.3 B");
        assert_eq!(bytes_each(3072.0), "3,072 B");
        assert_eq!(bytes_each(f64::NAN), NONE);
        assert_eq!(count(1_234_000), "1,234,000");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn lists_and_reasons_are_short() {
        assert_eq!((many(1, "file"), many(1200, "file")), ("1 file".into(), "1,200 files".into()));
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        assert_eq!(some(names[..7].iter().copied(), "; "), "a; b; c; d; e; f; g");
        assert_eq!(some(names.into_iter(), ", "), "a, b, c, d, e, f and 2 others");
        assert_eq!(without("unsupported: no files", "unsupported"), "no files");
        assert_eq!(without("cifar10:test.bin: unsupported: no files", "unsupported"), "no files");
        assert_eq!(without("killed by signal 7", "failed"), "killed by signal 7");
        assert_eq!(cause("unsupported: no files; choose a codec", "unsupported"), "no files");
    }

    #[test]
    fn times_and_shares() {
        for (value, text) in [(0.0, "0 s"), (8.5e-7, "850 ns"), (3e-5, "30.0 µs"), (0.0012, "1.20 ms"), (3.4, "3.40 s")]
        {
            assert_eq!(seconds(value), text);
        }
        assert_eq!(seconds(7200.0), "120 min");
        assert_eq!(micros(1100.0), "1,100 µs");
        assert_eq!(times(1280.4), "1,280 ×");
        for (value, text) in [(0.012, "1.2 %"), (0.5, "50 %"), (0.0004, "0.04 %"), (12.0, "1,200 %"), (0.0, "0 %")] {
            assert_eq!(percent(value), text);
        }
    }

    #[test]
    fn ticks_are_short() {
        for (value, text) in
            [(0.1, "0.1"), (5.0, "5"), (2000.0, "2,000"), (1e4, "10 k"), (2e5, "200 k"), (1e6, "1 M"), (1e-9, "1e-9")]
        {
            assert_eq!(tick(value), text);
        }
    }

    #[test]
    fn long_names_are_cut_at_characters() {
        assert_eq!(ellipsis("hdf5:raw", 8), "hdf5:raw");
        assert_eq!(ellipsis("ééééé", 3), "éé…");
        assert_eq!(ellipsis("abc", 0), "…");
    }
}
