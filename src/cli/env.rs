//! `shelfmark env`: the host, how noisy it is, and what can be measured cold.

use super::Exit;
use super::flags::{Place, spinner};
use super::plain::plain;
use serde_json::json;
use shelfmark::measure::cold;
use shelfmark::measure::noise::{self, Noise, Spread};
use shelfmark::results::{Host, host};
use shelfmark::sys::{self, page_cache};
use std::io::Write;
use std::time::Duration;

/// Long enough for some thousand units of work and half a second of waiting for what comes by.
const LOOK: Duration = Duration::from_secs(3);

/// Arguments of `env`.
#[derive(Debug, clap::Args)]
pub struct Env {
    #[command(flatten)]
    place: Place,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What was found.
struct Found {
    host: Host,
    noise: Noise,
    /// Whether files there can be cold; if not, why.
    cold_data: Result<(), String>,
    cold_full: Result<(), String>,
    cachestat: bool,
    /// What was looked at where the place is not there.
    instead: Option<String>,
}

impl Env {
    /// Looks at the host for three seconds, and prints what was seen.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let looking = spinner("looking at the host for three seconds");
        let found = self.look();
        looking.finish_and_clear();
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{:#}", found.as_json())?;
        } else {
            found.as_text(&mut out)?;
        }
        Ok(Exit::Ok)
    }

    fn look(&self) -> Found {
        let mut host = host::describe(&self.place.dir, "given");
        let noise = noise::probe(&self.place.dir, LOOK);
        host.noise = Some(noise.words());
        host.steal_pct = noise.steal_pct;
        host.load.after = host::load_average();
        let cold_data = cold::supports_cold(&self.place.dir);
        let drop = sys::can_drop_caches().then_some(()).ok_or("this process may not drop the system's caches");
        let cold_full = cold_data.clone().and_then(|()| drop.map_err(str::to_owned));
        let dir = &self.place.dir;
        let instead = cold::nearest_existing(dir).filter(|_| !dir.exists()).map(|there| there.display().to_string());
        Found { host, noise, cold_data, cold_full, cachestat: page_cache::has_cachestat(), instead }
    }
}

impl Found {
    fn as_json(&self) -> serde_json::Value {
        json!({
            "host": self.host,
            "noise": { "level": self.noise.level(), "words": self.noise.words(), "found": self.noise },
            "cold": {
                "data": self.cold_data.is_ok(),
                "data_reason": self.cold_data.as_ref().err(),
                "full": self.cold_full.is_ok(),
                "full_reason": self.cold_full.as_ref().err(),
                "cachestat": self.cachestat,
            },
        })
    }

    fn as_text(&self, out: &mut impl Write) -> std::io::Result<()> {
        let host = &self.host;
        let mut lines = vec![
            ("processor", host.cpu.clone()),
            ("", format!("{} for this process{}", host.cores, host.l3_bytes.map_or(String::new(), last_level))),
            ("memory", gib(host.mem_bytes)),
        ];
        lines.extend(host.cgroup.clone().map(|limits| ("limits", limits)));
        lines.push(("system", format!("{}, kernel {}", host.os, host.kernel)));
        lines.extend(host.virt.clone().map(|virt| ("", virt)));
        let of = |what: &Option<String>| what.clone().unwrap_or_else(|| "unknown".into());
        lines.push(("place", format!("file system {}, on {}", of(&host.place.fs), of(&host.place.device))));
        lines.extend(
            self.instead.iter().map(|there| ("", format!("that of {}: the folder is not there yet", plain(there)))),
        );
        section(out, "HOST", &lines)?;

        let noise = &self.noise;
        let unknown = || "unknown".to_owned();
        writeln!(out)?;
        section(
            out,
            "NOISE",
            &[
                ("", noise.words()),
                ("work", spread(&noise.work)),
                ("waiting", format!("{:.2} %, {} at the longest", noise.lost_pct, ms(noise.longest_gap_ns as f64))),
                ("stolen", noise.steal_pct.map_or_else(unknown, |pct| format!("{pct:.1} % by the hypervisor"))),
                ("load", noise.load.map_or_else(unknown, |load| format!("{load:.1}, average of one minute"))),
                ("sync", noise.sync.as_ref().map_or_else(|| "nothing can be written there".into(), spread)),
            ],
        )?;

        let possible =
            |what: &Result<(), String>| what.as_ref().map_or_else(|why| format!("no: {why}"), |()| "yes".into());
        let counted = if self.cachestat { "cachestat" } else { "mincore: cachestat is not to be had here" };
        writeln!(out)?;
        section(
            out,
            "COLD CACHES",
            &[
                ("cold-data", possible(&self.cold_data)),
                ("cold-full", possible(&self.cold_full)),
                ("counted by", counted.into()),
            ],
        )
    }
}

fn section(out: &mut impl Write, title: &str, lines: &[(&str, String)]) -> std::io::Result<()> {
    writeln!(out, "{title}")?;
    lines.iter().try_for_each(|(name, what)| writeln!(out, "  {name:<11} {what}"))
}

fn spread(spread: &Spread) -> String {
    let (median, p99) = (ms(spread.median_ns), ms(spread.p99_ns));
    format!("{} times: median {median}, 99th percentile {p99}", spread.count)
}

fn ms(ns: f64) -> String {
    format!("{:.3} ms", ns * 1e-6)
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

fn last_level(bytes: u64) -> String {
    format!(", last-level cache {:.0} MiB", bytes as f64 / f64::from(1 << 20))
}
