//! Realistic results for tests: eight formats, seven workloads, one cell failed, one unsupported, one skipped.

use crate::results::*;
use crate::sample::ImageShape;
use crate::store::Capabilities;
use std::collections::BTreeMap;

/// Name, then microseconds an image: epoch, read_one, write_batch, write_one; bytes an image; one file an image.
const FORMATS: [(&str, f64, f64, f64, f64, u64, bool); 8] = [
    ("dir:png", 30.0, 34.0, 150.0, 1_400.0, 2_460, true),
    ("dir:raw", 7.0, 7.4, 19.0, 1_150.0, 3_076, true),
    ("lmdb:bincode", 0.9, 1.3, 7.2, 4_600.0, 3_096, false),
    ("lmdb:raw", 0.8, 1.1, 6.9, 4_500.0, 3_088, false),
    ("lmdb:png", 22.0, 23.0, 118.0, 4_700.0, 2_472, false),
    ("hdf5:raw", 9.0, 9.4, 5.4, 7_900.0, 3_078, false),
    ("hdf5:raw,chunk=64", 88.0, 88.0, 6.3, 8_400.0, 3_084, false),
    ("hdf5:raw,chunk=64,deflate=4", 1_100.0, 1_120.0, 96.0, 9_300.0, 2_391, false),
];

/// The page without its own script and data, which are checked: anything else that is a script came from results.
pub(super) fn without_scripts(page: &str) -> String {
    let mut rest = page;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once("<script") {
        out += before;
        let (head, after) = after.split_once('>').expect("an element's head ends");
        let (body, after) = after.split_once("</script>").expect("an element ends");
        match head {
            "" => assert_eq!(body.trim(), include_str!("html/script.js").trim(), "not the page's own script"),
            " type=\"text/plain\" class=\"results\"" => {
                let base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
                assert!(body.chars().all(base64), "packed data that a browser could take for markup");
            }
            _ => {
                assert!(head.starts_with(" type=\"application/json\" class=\""), "{head}");
                assert!(!body.contains('<'), "data that a browser could take for markup");
                serde_json::from_str::<serde_json::Value>(body).expect("data is JSON");
            }
        }
        rest = after;
    }
    out + rest
}

/// One run of all formats and workloads.
pub(super) fn realistic() -> Results {
    let mut cells = Vec::new();
    for (nth, (format, ..)) in FORMATS.iter().enumerate() {
        for (workload, counts) in [
            ("write_one", &[1][..]),
            ("write_batch", &[100, 1_000, 10_000]),
            ("read_one", &[10_000]),
            ("read_batch", &[10_000]),
            ("scan", &[100, 1_000, 10_000]),
            ("epoch", &[100, 1_000, 10_000]),
            ("open", &[10_000]),
        ] {
            cells.extend(counts.iter().map(|images| cell(format, workload, *images, us(nth, workload, *images))));
        }
    }
    mark(&mut cells, "hdf5:raw,chunk=64,deflate=4", "open", Status::Skipped, "left out by --filter");
    mark(&mut cells, "lmdb:png", "read_batch", Status::Failed, "killed by signal 7 (SIGBUS) while reading image 4,711");
    mark(&mut cells, "dir:raw", "write_one", Status::Unsupported, "unsupported: ragged");
    results(cells)
}

/// A run of these cells.
pub(crate) fn results(cells: Vec<Cell>) -> Results {
    Results {
        schema: SCHEMA_ID.into(),
        run: Run {
            id: "20261123-185625-7f3a".into(),
            started_utc: "2026-11-23T18:56:25Z".into(),
            wall_s: 412.7,
            command: "SHELFMARK_IMAGES=10000 cargo bench --bench formats -- --noplot".into(),
            profile: "criterion".into(),
            tuning: None,
            seed: 42,
            complete: true,
            git: Git { sha: Some("6f1d2a7c0b3e4d5f60718293a4b5c6d7e8f90a1b".into()), dirty: Some(true) },
            rustc: "rustc 1.95.0 (2026-04-14)".into(),
            shelfmark_version: "0.1.0".into(),
            features: vec!["lmdb".into(), "hdf5".into()],
        },
        host: Host {
            cpu: "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz".into(),
            cores: 2,
            mem_bytes: 25_200_000_000,
            cgroup: None,
            os: "Debian GNU/Linux 13".into(),
            kernel: "6.12.0".into(),
            virt: Some("KVM".into()),
            l3_bytes: Some(34_603_008),
            place: Place { path_kind: "default".into(), fs: Some("ext4".into()), device: Some("/dev/vda1".into()) },
            load: Load { before: Some(0.31), after: Some(1.12) },
            steal_pct: Some(1.4),
            noise: Some("two cores shared with other work".into()),
        },
        datasets: vec![DatasetFacts {
            id: "synthetic-32x32x3".into(),
            name: "synthetic:32x32x3".into(),
            images: 10_000,
            shape: DatasetShape::Fixed(ImageShape::new(32, 32, 3)),
            raw_bytes: 30_720_000,
            source_bytes: None,
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        }],
        cells,
        comparisons: Vec::new(),
        null_control: Vec::new(),
    }
}

/// One measured cell with `us` microseconds an image.
pub(crate) fn cell(format: &str, workload: &str, images: u64, us: f64) -> Cell {
    let write = workload.starts_with("write");
    let rate = 1e6 / us;
    let spread = if format.starts_with("lmdb") { 0.09 } else { 0.015 };
    let known = FORMATS.iter().find(|f| f.0 == format).copied().unwrap_or(FORMATS[1]);
    let many = known.6;
    let apparent = known.5 * images + if many { 0 } else { 8_192 };
    let each = if many { known.5.div_ceil(4096) * 4096 } else { known.5 };
    let key = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    Cell {
        id: format!("{format}/{workload}/{images}"),
        kind: CellKind::Format,
        format: format.into(),
        workload: workload.into(),
        dataset: "synthetic-32x32x3".into(),
        images,
        batch: if workload.ends_with("_one") || workload == "open" { 1 } else { 256 },
        threads: 1,
        cache: "warm".into(),
        durability: write.then(|| "close".into()),
        deliver: "pixels".into(),
        store: Some(StoreRef { written_utc: "2026-11-23T18:57:00Z".into(), nth: 0 }),
        native: format.starts_with("lmdb").then(|| Native { library: "LMDB".into(), version: "0.9.24".into() }),
        options: BTreeMap::from([key("read", "library"), key("level", "6")]),
        capabilities: Some(Capabilities {
            grey: true,
            random_access: true,
            ragged: !format.starts_with("hdf5"),
            ..Capabilities::default()
        }),
        status: Status::Ok,
        reason: None,
        verified: Some(Verified { images, ok: true }),
        cache_proof: None,
        turns: Turns::default(),
        latency: None,
        estimate: Some(Estimate {
            images_per_s: rate,
            lo: rate * (1.0 - spread),
            hi: rate * (1.0 + spread),
            confidence: 0.95,
            blocks: 60,
            launches: 1,
            lag1: Some(0.05),
            share_of_reference: None,
        }),
        ledger: None,
        ledger_reason: None,
        counters: None,
        storage: Some(Storage {
            apparent_bytes: apparent,
            allocated_bytes: each * images + 12_288,
            files: if many { images + 2 } else { 2 },
        }),
    }
}

/// Makes the cells of `format` and `workload` end as `status`.
pub(super) fn mark(cells: &mut [Cell], format: &str, workload: &str, status: Status, reason: &str) {
    for cell in cells.iter_mut().filter(|c| c.format == format && c.workload == workload) {
        cell.status = status;
        cell.reason = Some(reason.into());
        cell.estimate = None;
        cell.verified = None;
        cell.storage = None;
    }
}

fn us(nth: usize, workload: &str, images: u64) -> f64 {
    let (_, epoch, read_one, write_batch, write_one, ..) = FORMATS[nth];
    let small = 10_000.0 / images as f64;
    match workload {
        "write_one" => write_one,
        "write_batch" => write_batch * (1.0 + 0.12 * small),
        "read_one" => read_one,
        "read_batch" | "scan" if nth >= 5 => epoch / [12.0, 40.0, 45.0][nth - 5] * (1.0 + 0.002 * small),
        "read_batch" | "scan" => epoch * 0.9 * (1.0 + 0.002 * small),
        "open" => 60.0 + write_one / 40.0,
        _ => epoch / small.powf(0.08),
    }
}
