//! Ctrl-C and SIGTERM: every wait in this program looks here, so that children are stopped before it ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

pub fn listen() -> Result<()> {
    let asked = ASKED.get_or_init(|| Arc::new(AtomicBool::new(false)));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(asked)).context("listening for Ctrl-C")?;
    }
    Ok(())
}

pub fn asked() -> bool {
    ASKED
        .get()
        .is_some_and(|asked| asked.load(Ordering::Relaxed))
}

/// Fails as soon as somebody asked to stop.
pub fn check() -> Result<()> {
    anyhow::ensure!(!asked(), "stopped");
    Ok(())
}

/// One turn of a polling loop.
pub fn pause(time: Duration) -> Result<()> {
    thread::sleep(time);
    check()
}
