//! `shelfmark worker` (hidden): measures what a supervisor tells it to; see `shelfmark::worker`.

use super::Exit;
use std::io::BufRead;
use std::sync::mpsc::channel;

/// Arguments of `worker`.
#[derive(Debug, clap::Args)]
pub struct Worker {}

impl Worker {
    /// Serves until its supervisor says `bye`, or is gone.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let (send, requests) = channel();
        // Read aside: a worker that hangs in some library still has to notice that nobody waits for it any more.
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
            std::process::exit(Exit::Failed as i32);
        });
        shelfmark::worker::serve(requests, std::io::stdout().lock())?;
        Ok(Exit::Ok)
    }
}
