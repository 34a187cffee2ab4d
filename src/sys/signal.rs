//! Signals by name.

use std::process::ExitStatus;

/// The signal that ended a process, as in `signal 11 (SIGSEGV)`; `None` where it ended by itself.
#[cfg(unix)]
pub fn signal_name(status: ExitStatus) -> Option<String> {
    let number = std::os::unix::process::ExitStatusExt::signal(&status)?;
    let name = match number {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 if cfg!(target_os = "linux") => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 if cfg!(target_os = "macos") => "SIGBUS",
        11 => "SIGSEGV",
        _ => return Some(format!("signal {number}")),
    };
    Some(format!("signal {number} ({name})"))
}

/// The signal that ended a process: there are none here.
#[cfg(not(unix))]
pub fn signal_name(_: ExitStatus) -> Option<String> {
    None
}
