//! Closing: what is under way ends, what is idle is let go, and nothing is waited for too long.

use crate::house::House;
use sekisho_http::DoorLimits;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_is_answered() {
    let house = House::open().await;
    let mut stream = house.half_sent().await;
    let mut idle = TcpStream::connect(house.address).await.unwrap();
    idle.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    // Answered and kept open: only then is it idle, and not a request that comes too late.
    let mut heard = String::new();
    while !heard.contains("alive") {
        let mut some = [0; 4096];
        let count = idle.read(&mut some).await.unwrap();
        assert!(count > 0, "{heard}");
        heard.push_str(&String::from_utf8_lossy(&some[..count]));
    }
    let address = house.address;
    let closing = tokio::spawn(house.close());
    assert_eq!(idle.read(&mut [0; 16]).await.unwrap(), 0);
    assert!(TcpStream::connect(address).await.is_err());
    stream.write_all(b"{}]").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("rejected"), "{answer}");
    closing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_waited_for_longer_than_the_drain_timeout() {
    let drain_timeout = Duration::from_millis(300);
    let house = House::open_with(DoorLimits { drain_timeout, ..DoorLimits::default() }).await;
    let stream = house.half_sent().await;
    let begun = Instant::now();
    house.close().await;
    let took = begun.elapsed();
    assert!(took >= drain_timeout && took < Duration::from_secs(8), "{took:?}");
    drop(stream);
}
