//! As little HTTP as it takes to load a server from the cores that it needs itself: one blocking connection, kept open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

const WAIT: Duration = Duration::from_secs(30);

/// A connection that is kept open from one request to the next.
pub struct Connection {
    stream: BufReader<TcpStream>,
    line: Vec<u8>,
    body: Vec<u8>,
}

/// An answer; `body` as it was sent, encoded as the headers say.
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

/// A request as it travels.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if method != "GET" {
        let length = body.len();
        text.push_str(&format!(
            "Content-Type: application/json\r\nContent-Length: {length}\r\n"
        ));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

impl Connection {
    pub fn open(port: u16) -> Result<Self> {
        let stream =
            TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), WAIT)
                .with_context(|| format!("connecting to port {port}"))?;
        stream
            .set_read_timeout(Some(WAIT))
            .context("setting a time limit")?;
        stream
            .set_nodelay(true)
            .context("asking for sending at once")?;
        Ok(Self {
            stream: BufReader::with_capacity(64 * 1024, stream),
            line: Vec::new(),
            body: Vec::new(),
        })
    }

    /// Sends a request and waits for its answer.
    pub fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.stream
            .get_mut()
            .write_all(request)
            .context("sending")?;
        let status = status(self.line()?)?;
        let mut length = None;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            // Most lines are not the one that is looked for: the first letter tells.
            if line.starts_with(['c', 'C']) {
                length = length_in(line).or(length);
            }
        }
        self.body.clear();
        match length {
            Some(length) => {
                self.body.resize(length, 0);
                self.stream
                    .read_exact(&mut self.body)
                    .context("reading an answer")?;
            }
            None => self.chunks()?,
        }
        Ok(Answer {
            status,
            body: &self.body,
        })
    }

    /// One line of a head, without its end.
    fn line(&mut self) -> Result<&str> {
        self.line.clear();
        self.stream
            .read_until(b'\n', &mut self.line)
            .context("reading an answer's head")?;
        let line = self.line.strip_suffix(b"\r\n");
        let line = line.context("the server closed the connection")?;
        std::str::from_utf8(line).context("reading an answer's head")
    }

    fn chunks(&mut self) -> Result<()> {
        loop {
            let line = self.line()?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16)
                .with_context(|| format!("reading a chunk's size from {size:?}"))?;
            let start = self.body.len();
            self.body.resize(start + size, 0);
            self.stream
                .read_exact(&mut self.body[start..])
                .context("reading a chunk")?;
            ensure!(self.line()?.is_empty(), "a chunk is longer than it says");
            if size == 0 {
                return Ok(());
            }
        }
    }
}

fn status(line: &str) -> Result<u16> {
    let word = line.split(' ').nth(1).unwrap_or_default();
    word.parse()
        .with_context(|| format!("reading an answer's status from {line:?}"))
}

fn length_in(line: &str) -> Option<usize> {
    let (name, value) = line.split_once(':')?;
    let wanted = name.eq_ignore_ascii_case("content-length");
    wanted.then(|| value.trim().parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn answering(parts: &'static [&'static str]) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a visitor");
            for part in parts {
                thread::sleep(Duration::from_millis(5));
                stream.write_all(part.as_bytes()).expect("an answer");
            }
            // Stays open until the visitor leaves.
            stream.read_to_end(&mut Vec::new()).ok();
        });
        port
    }

    #[test]
    fn an_answer_in_pieces_is_put_together() {
        let port = answering(&[
            "HTTP/1.1 200 OK\r\ncontent-le",
            "ngth: 5\r\n\r",
            "\nhe",
            "llo",
        ]);
        let mut connection = Connection::open(port).expect("open");
        let answer = connection
            .ask(&request("GET", "/", &[], ""))
            .expect("an answer");
        assert_eq!((answer.status, answer.body), (200, &b"hello"[..]));
    }

    #[test]
    fn chunks_are_put_together() {
        let port = answering(&[
            "HTTP/1.1 404 No\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n",
            "2\r",
            "\nlo\r\n0\r\n\r\n",
        ]);
        let mut connection = Connection::open(port).expect("open");
        let answer = connection
            .ask(&request("GET", "/", &[], ""))
            .expect("an answer");
        assert_eq!((answer.status, answer.body), (404, &b"hello"[..]));
    }
}
