//! Axes: from numbers to pixels, with ticks at round numbers. Pure.

/// A logarithmic or linear axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    lo: f64,
    hi: f64,
    from: f64,
    to: f64,
    log: bool,
    /// Where ticks stand, ascending.
    pub(super) ticks: Vec<f64>,
}

impl Scale {
    /// A logarithmic axis over all finite numbers above zero among `values`, drawn from pixel `from` to pixel `to`.
    /// It begins and ends at 1, 2 or 5 times a power of ten; labels get about `room` pixels each.
    pub(super) fn log(values: impl IntoIterator<Item = f64>, from: f64, to: f64, room: f64) -> Self {
        let (lo, hi) =
            range(values.into_iter().filter(|v| v.is_finite() && *v > 1e-200 && *v < 1e200)).unwrap_or((1.0, 10.0));
        let most = ((to - from).abs() / room).max(2.0);
        // An axis a decade long at least: a whisker of one percent must not look like a gulf.
        let (lo, hi) = if hi / lo < 4.0 { (lo / 1.5, hi * 1.5) } else { (lo, hi) };
        let fine: Vec<f64> = steps(lo, hi, &[1.0, 2.0, 5.0]);
        let (lo, hi) = (fine[0], fine[fine.len() - 1]);
        let ticks = if fine.len() as f64 <= most + 1.0 { fine } else { decades(lo, hi, most).unwrap_or(fine) };
        Self { lo, hi, from, to, log: true, ticks }
    }

    /// A linear axis from zero to a round number at or above the largest of `values`.
    pub(super) fn linear(values: impl IntoIterator<Item = f64>, from: f64, to: f64, room: f64) -> Self {
        let top =
            range(values.into_iter().filter(|v| v.is_finite() && *v > 0.0 && *v < 1e200)).map_or(1.0, |(_, hi)| hi);
        let most = ((to - from).abs() / room).max(2.0);
        let step = steps(top / most / 10.0, top / most * 10.0, &[1.0, 2.0, 5.0]).into_iter().find(|s| top / s <= most);
        let step = step.unwrap_or(top);
        let ticks: Vec<f64> = (0..=(top / step).ceil() as u32).map(|n| f64::from(n) * step).collect();
        let hi = ticks[ticks.len() - 1];
        Self { lo: 0.0, hi, from, to, log: false, ticks }
    }

    /// The same, of things that are counted from 1: ticks at whole numbers alone.
    pub(super) fn counted(mut self) -> Self {
        self.ticks.retain(|tick| *tick >= 1.0 && tick.fract() == 0.0);
        self
    }

    /// The pixel of `value`, kept within the axis.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = if self.log {
            (value.max(f64::MIN_POSITIVE) / self.lo).ln() / (self.hi / self.lo).ln()
        } else {
            value / self.hi
        };
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, v| Some(range.map_or((v, v), |(lo, hi): (f64, f64)| (lo.min(v), hi.max(v)))))
}

/// Round numbers from the last at or below `lo` to the first at or above `hi`.
fn steps(lo: f64, hi: f64, mantissas: &[f64]) -> Vec<f64> {
    let first = lo.log10().floor() as i32 - 1;
    let last = hi.log10().ceil() as i32 + 1;
    // Parsed, not computed: ten to a power by multiplication gives 0.30000000000000004.
    let round = |m: f64, e: i32| format!("{m}e{e}").parse().unwrap_or(1.0);
    let all: Vec<f64> = (first..=last).flat_map(|e| mantissas.iter().map(move |m| round(*m, e))).collect();
    let begin = all.iter().rposition(|v| *v <= lo * 1.000_001).unwrap_or(0);
    let end = all.iter().position(|v| *v >= hi * 0.999_999).unwrap_or(all.len() - 1).max(begin + 1);
    all[begin..=end.min(all.len() - 1)].to_vec()
}

/// Powers of ten within `lo..=hi`, thinned evenly to at most `most`; none where fewer than two are left.
fn decades(lo: f64, hi: f64, most: f64) -> Option<Vec<f64>> {
    let inside = |v: &f64| (lo * 0.999_999..=hi * 1.000_001).contains(v);
    let all: Vec<f64> = steps(lo, hi, &[1.0]).into_iter().filter(inside).collect();
    let every = ((all.len() as f64 / most).ceil() as usize).max(1);
    let kept: Vec<f64> = all.into_iter().step_by(every).collect();
    (kept.len() > 1).then_some(kept)
}

/// Heights of the middles of labels that want to stand at `wanted`, are as high as `heights`, and stay within `top..=bottom`.
pub(super) fn spread(wanted: &[f64], heights: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let half = |nth: usize| heights.get(nth).copied().unwrap_or(0.0) / 2.0;
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]).then(a.cmp(b)));
    let mut placed = wanted.to_vec();
    let mut floor = top;
    for &nth in &order {
        placed[nth] = placed[nth].max(floor + half(nth));
        floor = placed[nth] + half(nth);
    }
    let mut ceiling = bottom;
    for &nth in order.iter().rev() {
        placed[nth] = placed[nth].min(ceiling - half(nth));
        ceiling = placed[nth] - half(nth);
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_axes_begin_and_end_at_round_numbers_and_hold_the_data() {
        for (values, ticks) in [
            (vec![1200.0, 8000.0], vec![1e3, 2e3, 5e3, 1e4]),
            (vec![900.0, 1.25e6], vec![1e3, 1e4, 1e5, 1e6]),
            (vec![5.0], vec![2.0, 5.0, 10.0]),
            (vec![f64::NAN, 0.0, -1.0, f64::INFINITY], vec![1.0, 2.0, 5.0, 10.0]),
        ] {
            let scale = Scale::log(values.clone(), 0.0, 260.0, 42.0);
            assert_eq!(scale.ticks, ticks, "{values:?}");
        }
        let scale = Scale::log([1e-150, 1e150], 0.0, 260.0, 42.0);
        assert!(scale.ticks.len() < 10 && scale.at(1e150) <= 260.0 && scale.at(f64::NAN).is_finite());
    }

    #[test]
    fn linear_axes_begin_at_zero() {
        assert_eq!(
            Scale::linear([3072.0, 4096.0], 0.0, 300.0, 60.0).ticks,
            [0.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0]
        );
        assert_eq!(Scale::linear([], 0.0, 300.0, 60.0).ticks[0], 0.0);
        assert_eq!(Scale::linear([1.0, 2.0], 0.0, 300.0, 52.0).counted().ticks, [1.0, 2.0]);
        assert_eq!(Scale::linear([1.0, 13.0], 0.0, 300.0, 52.0).counted().ticks, [5.0, 10.0, 15.0]);
    }

    #[test]
    fn labels_are_pushed_apart_and_stay_inside() {
        let placed = spread(&[10.0, 11.0, 99.0, 12.0], &[14.0; 4], 0.0, 100.0);
        let mut sorted = placed.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.windows(2).all(|w| w[1] - w[0] >= 13.99), "{placed:?}");
        assert!(sorted[0] >= 7.0 && sorted[3] <= 93.0);
        // A name of two lines takes room for two, and only there.
        assert_eq!(spread(&[10.0, 10.0, 10.0], &[10.0, 30.0, 10.0], 0.0, 100.0), [10.0, 30.0, 50.0]);
    }
}
