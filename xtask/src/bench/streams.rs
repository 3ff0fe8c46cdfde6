//! Screens that are open: live streams whose events are read and thrown away, all by one thread.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::floor::bearer;
use super::http::request;

const WAIT: Duration = Duration::from_secs(10);
/// How soon the reader notices that it is to stop.
const TURN: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

pub struct Streams {
    stop: Arc<AtomicBool>,
    reader: JoinHandle<Result<u64>>,
}

impl Streams {
    pub fn open(port: u16, key: &str, number: usize) -> Result<Self> {
        let streams = (0..number).map(|_| open(port, key));
        let streams: Vec<TcpStream> = streams.collect::<Result<_>>()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let reader = thread::spawn(move || read(streams, &stopping));
        Ok(Self { stop, reader })
    }

    /// Closes them; tells how many bytes came. A stream that the server ended before is an error.
    pub fn close(self) -> Result<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.reader
            .join()
            .map_err(|_| anyhow!("the reader of the streams came to grief"))?
    }
}

fn open(port: u16, key: &str) -> Result<TcpStream> {
    let mut stream =
        TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), WAIT)
            .context("opening a stream")?;
    stream
        .set_read_timeout(Some(WAIT))
        .context("setting a time limit")?;
    let bearer = bearer(key);
    let headers = [
        ("Accept", "text/event-stream"),
        ("Authorization", bearer.as_str()),
    ];
    let ask = request("GET", "/api/v1/live", &headers, "");
    stream.write_all(&ask).context("asking for a stream")?;
    let mut start = [0; 12];
    stream
        .read_exact(&mut start)
        .context("waiting for a stream")?;
    ensure!(
        &start == b"HTTP/1.1 200",
        "a stream was not opened: {}",
        String::from_utf8_lossy(&start)
    );
    stream
        .set_nonblocking(true)
        .context("reading without waiting")?;
    Ok(stream)
}

fn read(mut streams: Vec<TcpStream>, stop: &AtomicBool) -> Result<u64> {
    let mut bytes = 0;
    let mut buffer = vec![0; 64 * 1024];
    while !stop.load(Ordering::Relaxed) {
        let ready: Vec<bool> = {
            let mut waiting: Vec<PollFd<'_>> = streams
                .iter()
                .map(|stream| PollFd::new(stream, PollFlags::IN))
                .collect();
            poll(&mut waiting, Some(&TURN)).context("waiting for events")?;
            waiting.iter().map(|fd| !fd.revents().is_empty()).collect()
        };
        for (stream, _) in streams.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
            match stream.read(&mut buffer) {
                Ok(0) => return Err(anyhow!("the server ended a stream")),
                Ok(read) => bytes += read as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error).context("reading a stream"),
            }
        }
    }
    Ok(bytes)
}
