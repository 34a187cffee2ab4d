//! This program again, or another, in a process that may die or hang.

use anyhow::Context;
use shelfmark::sys::signal_name;
use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How the child ended.
pub enum Outcome {
    /// By itself, with what it printed.
    Ended {
        /// Standard output.
        stdout: Vec<u8>,
        /// Standard error.
        stderr: String,
        /// Its exit code.
        code: Option<i32>,
    },
    /// Killed by a signal, in words that fit behind "reading it".
    Broken(String),
    /// Stopped at the time limit.
    TimedOut,
}

/// Runs this program with `arguments`, for at most `limit`.
///
/// # Errors
/// When no process can be started.
pub fn run(arguments: &[OsString], limit: Duration) -> anyhow::Result<Outcome> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    run_program(&program, arguments, limit)
}

/// Runs `program` with `arguments`, for at most `limit`.
///
/// # Errors
/// When no process can be started.
pub fn run_program(program: &Path, arguments: &[OsString], limit: Duration) -> anyhow::Result<Outcome> {
    let mut command = Command::new(program);
    // The pipe of its standard input is how the child learns that we are gone: see `end_with_parent`.
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
    // Read aside, or a child that says more than a pipe holds would wait for us for ever.
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let stdout = std::thread::spawn(move || read_all(out.as_mut()));
    let stderr = std::thread::spawn(move || read_all(err.as_mut()));
    // A limit too far away to be told is none.
    let deadline = Instant::now().checked_add(limit);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            child.kill()?;
            child.wait()?;
            return Ok(Outcome::TimedOut);
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    if let Some(signal) = signal_name(status) {
        return Ok(Outcome::Broken(format!("killed the process with {signal}")));
    }
    // The threads only read; they cannot panic.
    let stdout = stdout.join().unwrap_or_default();
    let stderr = String::from_utf8_lossy(&stderr.join().unwrap_or_default()).trim().to_owned();
    Ok(Outcome::Ended { stdout, stderr, code: status.code() })
}

/// In the child: ends this process when its parent is gone, however that came about, so that a hanging library does not
/// keep a processor busy for nobody.
pub fn end_with_parent() {
    std::thread::spawn(|| {
        // Nobody writes into it: it ends when the other end is closed.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::abort();
    });
}

fn read_all(pipe: Option<&mut impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What was read before an error is what the child managed to say.
        let _ = pipe.read_to_end(&mut bytes);
    }
    bytes
}
