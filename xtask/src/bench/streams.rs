//! Screens that are open: live streams whose events are read and thrown away, all by one thread; and boards, of which it
//! is told when each of them hears of something.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

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

/// Those which have something to read, at the latest after [`TURN`].
fn ready(streams: &[TcpStream]) -> Result<Vec<bool>> {
    let mut waiting: Vec<PollFd<'_>> = streams
        .iter()
        .map(|stream| PollFd::new(stream, PollFlags::IN))
        .collect();
    poll(&mut waiting, Some(&TURN)).context("waiting for events")?;
    Ok(waiting.iter().map(|fd| !fd.revents().is_empty()).collect())
}

/// What a stream has to say now; nothing when it has nothing.
fn some<'a>(stream: &mut TcpStream, buffer: &'a mut [u8]) -> Result<&'a [u8]> {
    match stream.read(buffer) {
        Ok(0) => Err(anyhow!("the server ended a stream")),
        Ok(read) => Ok(&buffer[..read]),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(&[]),
        Err(error) => Err(error).context("reading a stream"),
    }
}

fn read(mut streams: Vec<TcpStream>, stop: &AtomicBool) -> Result<u64> {
    let mut bytes = 0;
    let mut buffer = vec![0; 64 * 1024];
    while !stop.load(Ordering::Relaxed) {
        let ready = ready(&streams)?;
        for (stream, _) in streams.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
            bytes += some(stream, &mut buffer)?.len() as u64;
        }
    }
    Ok(bytes)
}

/// Boards that are open, and read only while one waits for something on all of them.
pub struct Boards {
    streams: Vec<TcpStream>,
    /// The end of what each board heard last: a mark may come in two pieces.
    ends: Vec<Vec<u8>>,
}

impl Boards {
    pub fn open(port: u16, key: &str, number: usize) -> Result<Self> {
        let streams = (0..number).map(|_| open(port, key));
        let streams: Vec<TcpStream> = streams.collect::<Result<_>>()?;
        let ends = vec![Vec::new(); number];
        Ok(Self { streams, ends })
    }

    /// Brings about a change and reads until every board has heard `mark`. What the change gave, after how long, and
    /// after how long each board had heard, all from before the change.
    pub fn until<T: Send>(
        &mut self,
        mark: &str,
        change: impl FnOnce() -> Result<T> + Send,
    ) -> Result<(T, Duration, Vec<Duration>)> {
        let start = Instant::now();
        thread::scope(|scope| {
            let change = scope.spawn(move || (change(), start.elapsed()));
            let heard = self.hear(mark.as_bytes(), start);
            let (given, stored) = change
                .join()
                .map_err(|_| anyhow!("whoever brings about the change came to grief"))?;
            Ok((given?, stored, heard?))
        })
    }

    fn hear(&mut self, mark: &[u8], start: Instant) -> Result<Vec<Duration>> {
        let mut buffer = vec![0; 64 * 1024];
        let mut heard: Vec<Option<Duration>> = vec![None; self.streams.len()];
        while heard.iter().any(Option::is_none) {
            ensure!(start.elapsed() < WAIT, "not every board heard of a change");
            for (n, _) in (0..).zip(ready(&self.streams)?).filter(|(_, ready)| *ready) {
                let end = &mut self.ends[n];
                end.extend_from_slice(some(&mut self.streams[n], &mut buffer)?);
                if end.windows(mark.len()).any(|part| part == mark) {
                    heard[n].get_or_insert_with(|| start.elapsed());
                }
                end.drain(..end.len().saturating_sub(mark.len()));
            }
        }
        Ok(heard.into_iter().flatten().collect())
    }

    /// Closes them. A stream that the server ended before is an error.
    pub fn close(mut self) -> Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        for stream in &mut self.streams {
            some(stream, &mut buffer)?;
        }
        Ok(())
    }
}
