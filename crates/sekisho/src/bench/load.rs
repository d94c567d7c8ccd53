//! A small HTTP client that asks as fast as it is answered: the same for every server that is
//! measured.
//!
//! One thread, a fixed number of connections, one request under way on each. It sends bytes that
//! were made before, reads heads only for the length of what follows, and checks that every answer
//! is a good one of the length expected. It stops by its own clock.

use super::failed;
use base::Problem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What is asked, and how.
#[derive(Clone)]
pub(super) struct Load {
    /// Whole requests, which are sent in turns.
    pub(super) requests: Arc<Vec<Vec<u8>>>,
    /// The length of every answer's body; `None` if they differ.
    pub(super) body: Option<usize>,
    /// Connections at a time.
    pub(super) connections: usize,
    /// Whether the server answers one request on each connection.
    pub(super) once: bool,
}

impl Load {
    /// Requests of a body to an address, by POST.
    pub(super) fn posts(address: &str, media_type: &str, bodies: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let post = |body: &Vec<u8>| {
            let length = body.len();
            let head = format!(
                "POST {address} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media_type}\r\n\
                 Content-Length: {length}\r\n\r\n"
            );
            [head.as_bytes(), body].concat()
        };
        bodies.iter().map(post).collect()
    }

    /// Requests of addresses, by GET.
    pub(super) fn gets(addresses: &[String]) -> Vec<Vec<u8>> {
        let get = |address: &String| {
            format!("GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
        };
        addresses.iter().map(get).collect()
    }

    /// Answers per second within this time.
    pub(super) fn per_second(&self, server: SocketAddr, time: Duration) -> Result<f64, Problem> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Problem::from_io)?;
        let done = Arc::new(AtomicU64::new(0));
        let started = Instant::now();
        let until = started + time;
        runtime.block_on(async {
            let mut all = JoinSet::new();
            for first in 0..self.connections {
                all.spawn(ask(self.clone(), server, first, until, Arc::clone(&done)));
            }
            while let Some(ended) = all.join_next().await {
                ended.map_err(|_| failed("a connection stopped"))??;
            }
            Ok::<_, Problem>(())
        })?;
        Ok(done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64())
    }
}

impl Load {
    /// The length of one answer's body.
    pub(super) fn length(&self, server: SocketAddr) -> Result<usize, Problem> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(Problem::from_io)?.block_on(async {
            let mut stream = connect(server).await?;
            let request = self.requests.first().ok_or_else(|| failed("nothing to ask"))?;
            stream.write_all(request).await.map_err(Problem::from_io)?;
            answer(&mut stream, &mut Vec::new()).await
        })
    }
}

/// Asks on one connection, or on one after the other, until it is time.
async fn ask(
    load: Load,
    server: SocketAddr,
    first: usize,
    until: Instant,
    done: Arc<AtomicU64>,
) -> Result<(), Problem> {
    let mut place = first;
    let mut stream = None;
    let mut buffer = Vec::with_capacity(16 * 1_024);
    while Instant::now() < until {
        let open = match stream.take() {
            Some(open) => open,
            None => connect(server).await?,
        };
        let request = &load.requests[place % load.requests.len()];
        place += load.connections;
        let mut open = open;
        let asked = async {
            open.write_all(request).await.map_err(Problem::from_io)?;
            answer(&mut open, &mut buffer).await
        };
        let answered = tokio::time::timeout(PATIENCE, asked).await;
        let length = answered.map_err(|_| failed("a server did not answer"))??;
        if load.body.is_some_and(|expected| expected != length) {
            return Err(failed(&format!("an answer of {length} bytes")));
        }
        done.fetch_add(1, Ordering::Relaxed);
        if !load.once {
            stream = Some(open);
        }
    }
    Ok(())
}

async fn connect(server: SocketAddr) -> Result<TcpStream, Problem> {
    let stream = TcpStream::connect(server).await.map_err(Problem::from_io)?;
    stream.set_nodelay(true).map_err(Problem::from_io)?;
    Ok(stream)
}

/// Reads one answer; the length of its body.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<usize, Problem> {
    buffer.clear();
    loop {
        let read = stream.read_buf(buffer).await.map_err(Problem::from_io)?;
        if let Some((head, length)) = head_of(buffer) {
            if !buffer.starts_with(b"HTTP/1.1 200") && !buffer.starts_with(b"HTTP/1.0 200") {
                return Err(failed("an answer that is no good one"));
            }
            if buffer.len() >= head + length {
                return Ok(length);
            }
        }
        if read == 0 || buffer.len() > ANSWER_BYTES_MAX {
            return Err(failed("an answer broke off"));
        }
    }
}

/// Where the head ends and how long the body is, once the head is there.
fn head_of(bytes: &[u8]) -> Option<(usize, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let name = b"content-length:";
    let lines = bytes[..end].split(|byte| *byte == b'\n');
    let is_it =
        |line: &&[u8]| line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name);
    let line = lines.rev().find(is_it)?;
    let digits = std::str::from_utf8(&line[name.len()..]).ok()?;
    Some((end + 4, digits.trim().parse().ok()?))
}

const PATIENCE: Duration = Duration::from_secs(20);
const ANSWER_BYTES_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_its_end() {
        let head = b"HTTP/1.1 200 OK\r\ncontent-Length: 5\r\nx: y\r\n\r\n";
        assert_eq!(head_of(head), Some((head.len(), 5)));
        assert_eq!(head_of(&head[..head.len() - 1]), None);
        assert_eq!(head_of(b"HTTP/1.1 200 OK\r\n\r\n"), None);
    }
}
