//! The machine under the measurement: how busy it is, and what a process takes of it.

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The kernel counts processor time in hundredths of a second on every Linux that this runs on.
const TICK: Duration = Duration::from_millis(10);

/// How many processes wanted a core, on average over 1, 5 and 15 minutes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load(pub [f64; 3]);

impl Load {
    pub fn now() -> Result<Self> {
        let text = fs::read_to_string("/proc/loadavg").context("reading /proc/loadavg")?;
        Self::read(&text).with_context(|| format!("reading the load average from {text:?}"))
    }

    fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map(|word| word.parse().ok());
        let mut next = || numbers.next().flatten();
        Some(Self([next()?, next()?, next()?]))
    }

    pub fn json(self) -> Value {
        json!(self.0)
    }
}

impl std::fmt::Display for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [one, five, fifteen] = self.0;
        write!(f, "{one:.1} {five:.1} {fifteen:.1}")
    }
}

pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Memory of a process that is in RAM now, in bytes.
pub fn resident(process: u32) -> Result<u64> {
    let file = format!("/proc/{process}/status");
    let text = fs::read_to_string(&file).with_context(|| format!("reading {file}"))?;
    resident_in(&text).with_context(|| format!("{file} names no VmRSS"))
}

fn resident_in(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Processor time that a process has used, all threads together. Unlike the clock, it hardly depends on who else is
/// busy on the machine.
pub fn processor_time(process: u32) -> Result<Duration> {
    let file = format!("/proc/{process}/stat");
    let text = fs::read_to_string(&file).with_context(|| format!("reading {file}"))?;
    processor_time_in(&text).with_context(|| format!("{file} is not as expected"))
}

fn processor_time_in(stat: &str) -> Option<Duration> {
    // The program's name, in brackets, may hold anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut words = rest.split(' ').skip(11);
    let user: u32 = words.next()?.parse().ok()?;
    let system: u32 = words.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_texts_are_read() {
        assert_eq!(
            Load::read("8.72 6.05 3.82 9/431 17733\n"),
            Some(Load([8.72, 6.05, 3.82]))
        );
        assert_eq!(Load::read("?"), None);
        assert_eq!(
            resident_in("VmPeak:\t 900 kB\nVmRSS:\t   1200 kB\n"),
            Some(1_228_800)
        );
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 1 0 0 0 150 50 0 0 20 0";
        assert_eq!(processor_time_in(stat), Some(Duration::from_secs(2)));
    }
}
