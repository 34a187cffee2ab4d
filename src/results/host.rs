//! The host's fingerprint: what machine, what place, how loaded.

use super::{Host, Load, Place};
use crate::measure::cold::{memory_file_system, nearest_existing};
use std::path::Path;
use sysinfo::{Disks, System};

/// Looks at the machine and at the place where stores will lie. `load.after`, steal and noise are left open.
pub fn describe(place: &Path, path_kind: &str) -> Host {
    let mut system = System::new();
    system.refresh_memory();
    system.refresh_cpu_list(sysinfo::CpuRefreshKind::nothing());
    let unknown = || "unknown".to_owned();
    Host {
        cpu: system.cpus().first().map_or_else(unknown, |cpu| cpu.brand().trim().to_owned()),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        mem_bytes: system.total_memory(),
        cgroup: control_group(),
        os: System::long_os_version().unwrap_or_else(unknown),
        kernel: System::kernel_version().unwrap_or_else(unknown),
        virt: hypervisor(),
        l3_bytes: last_level_cache(),
        place: describe_place(place, path_kind),
        load: Load { before: load_average(), after: None },
        steal_pct: None,
        noise: None,
    }
}

/// The one-minute load average; `None` where the system has none.
pub fn load_average() -> Option<f64> {
    let load = System::load_average().one;
    (load.is_finite() && cfg!(unix)).then_some(load)
}

/// Processor time since boot, in ticks: all of it, and what the hypervisor took away.
pub fn processor_ticks() -> Option<(u64, u64)> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<u64> = text.lines().next()?.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; guest time is in user already.
    Some((ticks.iter().take(8).sum(), *ticks.get(7)?))
}

/// Share of processor time taken away between two looks, in percent.
pub fn steal_pct(before: Option<(u64, u64)>, after: Option<(u64, u64)>) -> Option<f64> {
    let ((all_before, stolen_before), (all_after, stolen_after)) = (before?, after?);
    let all = all_after.checked_sub(all_before).filter(|all| *all > 0)?;
    Some(100.0 * stolen_after.checked_sub(stolen_before)? as f64 / all as f64)
}

fn describe_place(place: &Path, path_kind: &str) -> Place {
    // The deepest part of the path that exists decides which file system it will be on.
    let existing = nearest_existing(place);
    // Not in the list of disks, which would name what it is mounted on.
    if let Some(memory) = existing.as_deref().and_then(memory_file_system) {
        return Place { path_kind: path_kind.into(), fs: Some(memory.into()), device: Some("memory".into()) };
    }
    let disks = Disks::new_with_refreshed_list();
    let disk = existing.and_then(|path| {
        let holding = disks.list().iter().filter(|disk| path.starts_with(disk.mount_point()));
        holding.max_by_key(|disk| disk.mount_point().components().count())
    });
    Place {
        path_kind: path_kind.into(),
        fs: disk.map(|disk| disk.file_system().to_string_lossy().into_owned()),
        device: disk.map(|disk| disk.name().to_string_lossy().into_owned()),
    }
}

fn read_trimmed(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn control_group() -> Option<String> {
    let limit = |file: &str, word: &str| {
        let text = read_trimmed(&format!("/sys/fs/cgroup/{file}"))?;
        (!text.starts_with("max")).then(|| format!("{word} {text}"))
    };
    let limits: Vec<_> =
        [limit("cpu.max", "cpu.max"), limit("memory.max", "memory.max")].into_iter().flatten().collect();
    (!limits.is_empty()).then(|| limits.join(", "))
}

fn hypervisor() -> Option<String> {
    let product = read_trimmed("/sys/class/dmi/id/product_name").or_else(|| read_trimmed("/sys/hypervisor/type"));
    let flagged = std::fs::read_to_string("/proc/cpuinfo").is_ok_and(|text| {
        text.lines().any(|line| line.starts_with("flags") && line.split_whitespace().any(|flag| flag == "hypervisor"))
    });
    flagged.then(|| product.map_or_else(|| "virtual machine".into(), |name| format!("virtual machine ({name})")))
}

fn last_level_cache() -> Option<u64> {
    let index = |n: u32, file: &str| read_trimmed(&format!("/sys/devices/system/cpu/cpu0/cache/index{n}/{file}"));
    let sizes = (0..8).filter_map(|n| {
        let level: u32 = index(n, "level")?.parse().ok()?;
        let kib: u64 = index(n, "size")?.strip_suffix('K')?.parse().ok()?;
        Some((level, kib << 10))
    });
    sizes.max().map(|(_, bytes)| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steal_is_a_share_of_what_passed() {
        assert_eq!(steal_pct(Some((1_000, 10)), Some((1_200, 20))), Some(5.0));
        assert_eq!(steal_pct(Some((1_000, 10)), Some((1_000, 10))), None);
        assert_eq!(steal_pct(None, Some((1, 1))), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn memory_is_not_taken_for_the_disk_that_it_is_mounted_on() {
        if !crate::measure::cold::is_mounted_tmpfs("/dev/shm") {
            return println!("skipped: there is no tmpfs");
        }
        assert_eq!(describe_place(Path::new("/dev/shm/not/there"), "given").fs.as_deref(), Some("tmpfs"));
    }

    #[test]
    fn a_place_that_is_not_there_yet_is_on_its_parents_file_system() {
        let folder = tempfile::tempdir().unwrap();
        let there = describe_place(folder.path(), "given");
        assert_eq!(describe_place(&folder.path().join("a/b/c"), "given"), there);
    }
}
