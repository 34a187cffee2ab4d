//! The programs that people run today, in Python: a table. Their scripts are part of this program, so that one that was
//! installed has them as well.

use super::launcher::Peer;
use super::plan::{PeerOffer, twin};
use crate::error::{Error, IoContext, Result, unknown};
use crate::store::FormatId;
use crate::workload::Workload;
use std::path::{Path, PathBuf};

/// What the name of the control ends with that shows what being another process costs: a format of ours, alone in a
/// process like a peer's.
const OWN_PROCESS: &str = " (own process)";

/// Whether this is that control, and no peer: it is shown and not ranked.
pub fn is_bridge(name: &str) -> bool {
    name.ends_with(OWN_PROCESS)
}

/// The word that stands for all of them.
const ALL: &str = "python";

/// What is written into the scratch directory of a run.
const FILES: [(&str, &str); 22] = [
    ("worker.py", include_str!("../../scripts/peers/worker.py")),
    ("absent.py", include_str!("../../scripts/peers/absent.py")),
    ("counts.py", include_str!("../../scripts/peers/counts.py")),
    ("held.py", include_str!("../../scripts/peers/held.py")),
    ("order.py", include_str!("../../scripts/peers/order.py")),
    ("synced.py", include_str!("../../scripts/peers/synced.py")),
    ("pillow_folder.py", include_str!("../../scripts/peers/pillow_folder.py")),
    ("lmdb_raw.py", include_str!("../../scripts/peers/lmdb_raw.py")),
    ("lmdb_pickle.py", include_str!("../../scripts/peers/lmdb_pickle.py")),
    ("h5py_single.py", include_str!("../../scripts/peers/h5py_single.py")),
    ("h5py_sorted.py", include_str!("../../scripts/peers/h5py_sorted.py")),
    ("numpy_memmap.py", include_str!("../../scripts/peers/numpy_memmap.py")),
    ("numpy_npy.py", include_str!("../../scripts/peers/numpy_npy.py")),
    ("sqlite3_table.py", include_str!("../../scripts/peers/sqlite3_table.py")),
    ("zipfile_archive.py", include_str!("../../scripts/peers/zipfile_archive.py")),
    ("webdataset_tar.py", include_str!("../../scripts/peers/webdataset_tar.py")),
    ("tfrecord_index.py", include_str!("../../scripts/peers/tfrecord_index.py")),
    ("mds_local.py", include_str!("../../scripts/peers/mds_local.py")),
    ("pyarrow_ipc.py", include_str!("../../scripts/peers/pyarrow_ipc.py")),
    ("pyarrow_parquet.py", include_str!("../../scripts/peers/pyarrow_parquet.py")),
    ("zarr_array.py", include_str!("../../scripts/peers/zarr_array.py")),
    ("torch_dataloader.py", include_str!("../../scripts/peers/torch_dataloader.py")),
];

/// A Python package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Package {
    /// As it is imported.
    pub module: &'static str,
    /// As it is installed.
    pub name: &'static str,
    /// Whether it runs without what it imports: the peer has stand-ins for names that reading does not use.
    pub alone: bool,
}

const fn package(name: &'static str) -> Package {
    Package { module: name, name, alone: false }
}

const NUMPY: Package = package("numpy");
const XXHASH: Package = package("xxhash");
const PILLOW: Package = Package { module: "PIL", name: "pillow", alone: false };
const LMDB: Package = package("lmdb");
const H5PY: Package = package("h5py");
const TORCH: Package = package("torch");
const WEBDATASET: Package = package("webdataset");
const TFRECORD: Package = package("tfrecord");
const STREAMING: Package = Package { module: "streaming", name: "mosaicml-streaming", alone: true };
const PYARROW: Package = package("pyarrow");
const ZARR: Package = package("zarr");

/// A Python program that reads stores as its users do.
#[derive(Debug, PartialEq, Eq)]
pub struct PythonPeer {
    /// Its name in results.
    pub name: &'static str,
    script: &'static str,
    arguments: &'static [&'static str],
    reads: &'static str,
    /// What it needs, besides what all need.
    packages: &'static [Package],
    workloads: &'static [Workload],
}

const READS: &[Workload] = &[Workload::ReadOne, Workload::ReadBatch, Workload::Scan, Workload::Epoch, Workload::Open];

/// What writes its stores, too.
const READS_AND_WRITES: &[Workload] = &[
    Workload::WriteOne,
    Workload::WriteBatch,
    Workload::ReadOne,
    Workload::ReadBatch,
    Workload::Scan,
    Workload::Epoch,
    Workload::Open,
];

/// What reads from the beginning on.
const IN_ORDER: &[Workload] = &[Workload::Scan, Workload::Open];

/// What goes through a loader of batches.
const BATCHES: &[Workload] = &[Workload::ReadBatch, Workload::Scan, Workload::Epoch];

const DIR_PNG: &str = "dir:png";
const LMDB_RAW: &str = "lmdb:raw";
const HDF5_RAW: &str = "hdf5:raw";
const HDF5_CHUNKED: &str = "hdf5:raw,chunk=64";
const FLAT_RAW: &str = "flat:raw";

const fn plain(
    name: &'static str,
    script: &'static str,
    reads: &'static str,
    packages: &'static [Package],
) -> PythonPeer {
    PythonPeer { name, script, arguments: &[], reads, packages, workloads: READS }
}

const fn torch(
    name: &'static str,
    arguments: &'static [&'static str],
    reads: &'static str,
    packages: &'static [Package],
) -> PythonPeer {
    PythonPeer { name, script: "torch_dataloader.py", arguments, reads, packages, workloads: BATCHES }
}

/// All of them.
pub const PYTHON: &[PythonPeer] = &[
    PythonPeer { workloads: READS_AND_WRITES, ..plain("python:pillow", "pillow_folder.py", DIR_PNG, &[PILLOW]) },
    plain("python:lmdb-raw", "lmdb_raw.py", LMDB_RAW, &[LMDB]),
    plain("python:lmdb-pickle", "lmdb_pickle.py", LMDB_RAW, &[LMDB]),
    plain("python:h5py-single", "h5py_single.py", HDF5_RAW, &[H5PY]),
    plain("python:h5py-chunked", "h5py_single.py", HDF5_CHUNKED, &[H5PY]),
    plain("python:h5py-sorted", "h5py_sorted.py", HDF5_RAW, &[H5PY]),
    plain("python:numpy-memmap", "numpy_memmap.py", FLAT_RAW, &[]),
    plain("python:numpy-npy", "numpy_npy.py", "npy:raw", &[]),
    plain("python:sqlite3", "sqlite3_table.py", "sqlite:raw", &[]),
    plain("python:zipfile", "zipfile_archive.py", "zip:raw", &[]),
    PythonPeer { workloads: IN_ORDER, ..plain("python:webdataset", "webdataset_tar.py", "tar:raw", &[WEBDATASET]) },
    plain("python:tfrecord", "tfrecord_index.py", "tfrecord:raw", &[TFRECORD]),
    plain("python:mds", "mds_local.py", "mds:raw", &[STREAMING]),
    plain("python:pyarrow-ipc", "pyarrow_ipc.py", "arrow:raw", &[PYARROW]),
    plain("python:pyarrow-parquet", "pyarrow_parquet.py", "parquet:raw", &[PYARROW]),
    plain("python:zarr", "zarr_array.py", "zarr:raw", &[ZARR]),
    torch("python:torch-png", &["png"], DIR_PNG, &[TORCH, PILLOW]),
    torch("python:torch-lmdb", &["lmdb"], LMDB_RAW, &[TORCH, LMDB]),
    torch("python:torch-h5py", &["h5py"], HDF5_RAW, &[TORCH, H5PY]),
];

/// The peers that the words of `--peers` stand for: `python` for all, or names; each once, in the order of the table.
///
/// # Errors
/// For a word that is none.
pub fn select(words: &[String]) -> Result<Vec<&'static PythonPeer>> {
    let names = || std::iter::once(ALL).chain(PYTHON.iter().map(|peer| peer.name));
    if let Some(stranger) = words.iter().find(|word| !names().any(|name| name == *word)) {
        // The part that people remember: python:h5py is two of them.
        let near: Vec<_> =
            names().filter(|name| name.starts_with(stranger.as_str()) || name.ends_with(stranger.as_str())).collect();
        if !near.is_empty() && stranger.len() > 2 {
            return Err(Error::Usage(format!("unknown peer '{stranger}'; there is: {}", near.join(", "))));
        }
        return Err(unknown("peer", stranger, names().collect::<Vec<_>>()));
    }
    let chosen = |peer: &&PythonPeer| words.iter().any(|word| word == ALL || word == peer.name);
    Ok(PYTHON.iter().filter(chosen).collect())
}

impl PythonPeer {
    /// All packages that it needs.
    pub fn packages(&self) -> impl Iterator<Item = Package> + '_ {
        [NUMPY, XXHASH].into_iter().chain(self.packages.iter().copied())
    }

    /// The format whose stores it reads.
    fn reads(&self) -> FormatId {
        // The table's names are those of formats, which a test tries.
        self.reads.parse().unwrap_or_else(|_| FormatId {
            container: self.reads.into(),
            codec: String::new(),
            options: Default::default(),
        })
    }

    /// How it is started with the interpreter `python`; `missing` says why it cannot be, if so.
    pub fn peer(&self, python: &Path, missing: Option<String>) -> Peer {
        let reads = self.reads();
        Peer {
            offer: PeerOffer { name: self.name.into(), reads, workloads: self.workloads.to_vec(), missing },
            program: python.to_owned(),
            script: Some(self.script),
            arguments: self.arguments.iter().map(Into::into).collect(),
        }
    }
}

/// The bridge between both kinds of cells: a Rust cell that is measured as peers are, alone in a process of its own. What
/// that alone costs is the difference from the cell of the same format. `program` with `arguments` is a worker.
pub fn bridge(formats: &[FormatId], program: &Path, arguments: &[std::ffi::OsString]) -> Option<Peer> {
    let reads = twin(formats)?.clone();
    Some(Peer {
        offer: PeerOffer { name: format!("{reads}{OWN_PROCESS}"), reads, workloads: READS.to_vec(), missing: None },
        program: program.to_owned(),
        script: None,
        arguments: arguments.to_vec(),
    })
}

/// Writes the scripts into a new folder in `directory`, and returns it.
///
/// # Errors
/// What the system says.
pub(super) fn install(directory: &Path) -> Result<PathBuf> {
    let folder = directory.join("peers");
    std::fs::create_dir(&folder).at("create", &folder)?;
    for (name, text) in FILES {
        let file = folder.join(name);
        std::fs::write(&file, text).at("write", &file)?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::registry;
    use std::collections::BTreeSet;

    #[test]
    fn every_script_is_embedded_and_every_peer_has_one() {
        let folder = tempfile::tempdir().unwrap();
        let installed = install(folder.path()).unwrap();
        let names = |folder: &Path| -> BTreeSet<String> {
            let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
            entries.map(|name| name.into_string().unwrap()).filter(|name| name.ends_with(".py")).collect()
        };
        let scripts = names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/peers"));
        assert_eq!(names(&installed), scripts);
        for peer in PYTHON {
            assert!(scripts.contains(peer.script), "{}", peer.name);
            let offer = peer.peer(Path::new("python3"), None).offer;
            assert_eq!(offer.reads.to_string(), peer.reads);
            let resolved = registry::resolve(&offer.reads);
            assert!(matches!(resolved, Ok(_) | Err(crate::Error::Unsupported { .. })), "{}", peer.name);
        }
    }

    #[test]
    fn words_stand_for_peers() {
        let select = |words: &[&str]| select(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(select(&["python"]).unwrap().len(), PYTHON.len());
        assert!(select(&[]).unwrap().is_empty());
        let names = |words: &[&str]| select(words).unwrap().iter().map(|peer| peer.name).collect::<Vec<_>>();
        let two = ["python:lmdb-raw", "python:h5py-sorted"];
        assert_eq!(names(&["python:h5py-sorted", "python:lmdb-raw", "python:lmdb-raw"]), two);
        let near = select(&["python:h5py"]).unwrap_err().to_string();
        assert!(near.contains("python:h5py-single") && near.contains("python:h5py-sorted"), "{near}");
        assert!(select(&["pyhton"]).unwrap_err().to_string().contains("did you mean 'python'"));
        assert!(select(&["python:h5py-sort"]).unwrap_err().to_string().contains("python:h5py-sorted"));
    }
}
