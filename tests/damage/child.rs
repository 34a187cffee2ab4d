//! The parent's side of the reading process: asks it, waits no longer than a limit, and sees how it dies.

use crate::subject::Subject;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Where the store lies, for the child.
pub const STORE: &str = "SHELFMARK_TEST_READ_STORE";
/// Its format, for the child.
pub const FORMAT: &str = "SHELFMARK_TEST_READ_FORMAT";
/// Begins a line that answers a request; other lines come from the test harness around the child.
pub const REPLY: &str = "reader: ";

/// Address space of the reading process, in KiB: LMDB maps 1 GiB of it, sparsely. Where a damaged length makes somebody
/// ask for more, that fails loudly.
const ADDRESS_SPACE_KIB: u64 = 8 << 20;

/// What became of one reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An error said so, and nothing wrong was delivered.
    Noticed,
    /// Everything came back as it was written.
    Harmless,
    /// Something else came back as if it were right.
    Wrong,
    /// The process was killed, in words.
    Killed(String),
    /// Rust gave up: a panic, or memory that is not to be had.
    Panicked(String),
    /// There was no answer within the limit.
    Hung,
}

/// A reading process that is started again when it has died.
pub struct Child {
    command: Command,
    /// Longest wait for an answer.
    pub limit: Duration,
    running: Option<Running>,
    /// Most memory that the process had by its last answer.
    pub resident_kib: u64,
}

struct Running {
    process: std::process::Child,
    requests: ChildStdin,
    replies: Receiver<String>,
    errors: File,
}

impl Child {
    /// A process that reads `subject`, with so much time for each request.
    pub fn new(subject: &Subject, limit: Duration) -> Self {
        let script = format!("ulimit -v {ADDRESS_SPACE_KIB} 2>/dev/null; exec \"$0\" \"$@\"");
        let program = std::env::current_exe().unwrap();
        let mut command = Command::new("sh");
        command.args([OsString::from("-c"), script.into(), program.into()]);
        command.args(["--exact", "reads_for_its_parent", "--nocapture", "--test-threads=1"]);
        command.env(STORE, &subject.store).env(FORMAT, subject.id.to_string());
        // What it says when it panics shall fit into a line.
        command.env("RUST_BACKTRACE", "0");
        Self { command, limit, running: None, resident_kib: 0 }
    }

    /// Has the store read.
    pub fn read(&mut self) -> Outcome {
        self.ask("read")
    }

    /// Ends the process; the next request starts another.
    pub fn restart(&mut self) {
        self.running = None;
        self.resident_kib = 0;
    }

    /// Sends a request and waits for the answer.
    pub fn ask(&mut self, request: &str) -> Outcome {
        let running = match &mut self.running {
            Some(running) => running,
            none => none.insert(Running::start(&mut self.command)),
        };
        // A process that is gone does not take it; how it ended is seen below.
        let _ = running.requests.write_all(format!("{request}\n").as_bytes());
        let outcome = match running.replies.recv_timeout(self.limit) {
            Ok(reply) => {
                let (word, resident_kib) = reply.split_once(' ').unwrap();
                self.resident_kib = resident_kib.parse().unwrap();
                return match word {
                    "noticed" => Outcome::Noticed,
                    "harmless" => Outcome::Harmless,
                    "wrong" => Outcome::Wrong,
                    other => panic!("the reader said {other}"),
                };
            }
            Err(RecvTimeoutError::Timeout) => Outcome::Hung,
            Err(RecvTimeoutError::Disconnected) => running.died(),
        };
        self.restart();
        outcome
    }
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let errors = tempfile::tempfile().unwrap();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors.try_clone().unwrap());
        let mut process = command.spawn().unwrap();
        let (requests, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let (send, replies) = channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            // The harness writes the test's name without ending the line.
            let answers = lines.filter_map(|line| Some(line.split_once(REPLY)?.1.to_owned()));
            // Nobody listens any more when the parent has given up on the process.
            let _ = answers.map(|answer| send.send(answer)).find(Result::is_err);
        });
        Self { process, requests, replies, errors }
    }

    fn died(&mut self) -> Outcome {
        let status = self.process.wait().unwrap();
        let mut said = String::new();
        self.errors.rewind().unwrap();
        // Whatever it is: only words are looked for.
        let _ = self.errors.read_to_string(&mut said);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        match signal(status) {
            Some(signal) if !said.contains("panicked") && !said.contains("memory allocation of") => {
                Outcome::Killed(format!("signal {signal}; {said}"))
            }
            _ => Outcome::Panicked(format!("{status}; {said}")),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}
