//! The supervisor's side: a worker process that may die or hang.

use super::protocol::{Failure, FailureKind, PROTOCOL, Reply, Request};
use crate::sys::signal_name;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Bytes of a worker's standard error that are kept: the last words of a dying process.
const LAST_WORDS: usize = 4 << 10;

/// How long a worker that was asked to end may take before it is killed.
const FAREWELL: Duration = Duration::from_secs(5);

/// A worker process and the two ends of its line.
pub struct Host {
    child: Child,
    requests: Option<ChildStdin>,
    replies: Receiver<String>,
    last_words: Arc<Mutex<Vec<u8>>>,
    program: String,
    /// Once broken, a line stays broken.
    broken: Option<Failure>,
}

impl Host {
    /// Starts a worker and greets it.
    ///
    /// # Errors
    /// When it cannot be started, does not answer within `limit`, or speaks another protocol.
    pub fn start(mut command: Command, limit: Duration) -> Result<Self, Failure> {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C is for the supervisor, which then ends its workers in an orderly way.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let failed = |message: String| Failure::new(FailureKind::Failed, message);
        let mut child = command.spawn().map_err(|error| failed(format!("cannot start {name}: {error}")))?;
        let requests = child.stdin.take();
        let (send, replies) = channel();
        if let Some(out) = child.stdout.take() {
            std::thread::spawn(move || forward(out, &send));
        }
        let last_words = Arc::new(Mutex::new(Vec::new()));
        if let Some(err) = child.stderr.take() {
            let kept = Arc::clone(&last_words);
            std::thread::spawn(move || keep_tail(err, &kept));
        }
        let mut host = Self { child, requests, replies, last_words, program: name, broken: None };
        match host.ask(&Request::Hello { protocol: PROTOCOL }, limit)? {
            Reply::Hello { protocol: PROTOCOL, program } => host.program = program,
            other => return Err(failed(format!("{}: this is no greeting: {other:?}", host.program))),
        }
        Ok(host)
    }

    /// Whether it can be asked anything more.
    pub fn is_alive(&self) -> bool {
        self.broken.is_none()
    }

    /// Asks, and waits for the answer for at most `limit`. A worker that does not answer in time is killed.
    ///
    /// # Errors
    /// What the worker says went wrong; how it died; that it did not answer.
    pub fn ask(&mut self, request: &Request, limit: Duration) -> Result<Reply, Failure> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        let reply = self.exchange(request, limit);
        if let Err(broken) = &reply {
            self.broken = Some(broken.clone());
        }
        match reply? {
            Reply::Failed(failure) => Err(failure),
            reply => Ok(reply),
        }
    }

    fn exchange(&mut self, request: &Request, limit: Duration) -> Result<Reply, Failure> {
        let text = serde_json::to_string(request)
            .map_err(|error| Failure::new(FailureKind::Usage, format!("cannot say {request:?}: {error}")))?;
        let said = self.requests.as_mut().is_some_and(|pipe| writeln!(pipe, "{text}").is_ok());
        let line = if said { self.replies.recv_timeout(limit) } else { Err(RecvTimeoutError::Disconnected) };
        match line {
            Ok(line) => serde_json::from_str(&line).map_err(|error| {
                self.kill();
                Failure::new(FailureKind::Failed, format!("{} said what is no reply ({error}): {line}", self.program))
            }),
            Err(RecvTimeoutError::Timeout) => {
                self.kill();
                let limit = limit.as_secs_f64();
                Err(Failure::new(
                    FailureKind::Timeout,
                    format!("no answer within {limit:.0} s (--time-limit); the process was ended{}", self.last_words()),
                ))
            }
            Err(RecvTimeoutError::Disconnected) => Err(self.obituary()),
        }
    }

    /// Ends the worker.
    pub fn end(mut self) {
        if self.is_alive() {
            // It may be gone already; then there is nothing to end.
            let _ = self.ask(&Request::Bye {}, FAREWELL);
        }
    }

    fn kill(&mut self) {
        // Both fail only where there is no process any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// How the worker died.
    fn obituary(&mut self) -> Failure {
        self.requests = None;
        // It may have closed its line and still live.
        let deadline = std::time::Instant::now() + FAREWELL;
        let ended = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break how(status),
                Err(error) => break format!("is gone ({error})"),
                Ok(None) if std::time::Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
                Ok(None) => {
                    self.kill();
                    break "said nothing more and did not end; it was ended".into();
                }
            }
        };
        Failure::new(FailureKind::Failed, format!("the worker process {ended}{}", self.last_words()))
    }

    fn last_words(&self) -> String {
        // Nobody panics while holding it; were it so, the words are still there.
        let kept = self.last_words.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept);
        let text = text.trim();
        if text.is_empty() { String::new() } else { format!("; its last words: {text}") }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Closing its input tells it to end; a hanging one does not listen.
        self.requests = None;
        let deadline = std::time::Instant::now() + FAREWELL;
        while self.broken.is_none() && std::time::Instant::now() < deadline {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                _ => return,
            }
        }
        self.kill();
    }
}

fn forward(out: impl Read, replies: &Sender<String>) {
    for line in BufReader::new(out).lines() {
        let Ok(line) = line else { return };
        if replies.send(line).is_err() {
            return;
        }
    }
}

fn keep_tail(mut err: impl Read, kept: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = err.read(&mut buffer) {
        let mut kept = kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.extend_from_slice(&buffer[..read]);
        let surplus = kept.len().saturating_sub(LAST_WORDS);
        kept.drain(..surplus);
    }
}

fn how(status: ExitStatus) -> String {
    match signal_name(status) {
        Some(signal) => format!("was killed by {signal}"),
        None => format!("ended by itself ({status})"),
    }
}
