//! Time stamps over the API and beside the checkpoints, as `openssl ts` sees them.

use crate::certifying::{authority_file, bureau, file, openssl};
use crate::house::{Answer, House};
use crate::journey::published;
use hyper::{Method, StatusCode};
use ledger::checkpoint::Checkpoint;
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use x509::{Imprint, ImprintHash, ObjectIdentifier, TimeStamp, TimeStampFailure, TimeStampRequest};

async fn post(house: &House, body: Vec<u8>) -> Answer {
    let asked = house.ask(&Method::POST, "/time-stamp");
    asked.header("content-type", "application/timestamp-query").raw(body).send().await
}

fn plain() -> TimeStampRequest<'static> {
    let imprint = Imprint::new(ImprintHash::Sha256, &x509::sha256(b"data")).unwrap();
    TimeStampRequest { imprint, policy: None, nonce: None, certificate_asked: true }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openssl_gets_what_it_asked_for() {
    let (house, _) = bureau().await;
    let (authority, _) = authority_file(&house, "signature").await;
    let data = file(&house, "data", "what is to be stamped");
    for hash in ["-sha256", "-sha384", "-sha512"] {
        let asked = file(&house, "asked.tsq", "");
        let made = ["ts", "-query", "-data", &data, hash, "-cert", "-out", &asked];
        assert!(openssl(&made).0);
        let answer = post(&house, std::fs::read(&asked).unwrap()).await;
        assert_eq!(answer.header("content-type"), "application/timestamp-reply");
        assert_eq!(answer.header("cache-control"), "no-store");
        let got = file(&house, "got.tsr", &answer.body);
        for about in [["-data", &data], ["-queryfile", &asked]] {
            let common = ["ts", "-verify", "-in", &got, "-CAfile", &authority];
            let (good, said) = openssl(&[&common[..], &about].concat());
            assert!(good && said.contains("Verification: OK"), "{said}");
        }
        let (_, said) = openssl(&["ts", "-reply", "-in", &got, "-text"]);
        assert!(said.contains("Accuracy: 0x01 seconds"), "{said}");
        assert!(said.contains("Policy OID: 1.3.6.1.4.1.32473.8.5.1.9.10"), "{said}");
    }
    let other = file(&house, "other", "something else");
    let got = file(&house, "got.tsr", post(&house, plain().encode()).await.body);
    let (good, _) =
        openssl(&["ts", "-verify", "-in", &got, "-CAfile", &authority, "-data", &other]);
    assert!(!good);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_two_stamps_have_one_number_and_refusals_say_why() {
    let (house, _) = bureau().await;
    let mut numbers = std::collections::BTreeSet::new();
    for _ in 0..16 {
        let answer = post(&house, plain().encode()).await;
        let serial = TimeStamp::parse(&answer.body).unwrap().info().serial;
        assert!(numbers.insert(serial.as_bytes().to_vec()) && serial.to_u64().is_none());
    }
    let foreign = ObjectIdentifier::new_unwrap("1.2.3.4");
    let foreign = TimeStampRequest { policy: Some(foreign), ..plain() }.encode();
    house.sick.store(true, Ordering::SeqCst);
    let sick = post(&house, plain().encode()).await.body;
    house.sick.store(false, Ordering::SeqCst);
    for (answer, failure) in [
        (post(&house, b"hello".to_vec()).await.body, TimeStampFailure::BadDataFormat),
        (post(&house, foreign).await.body, TimeStampFailure::UnacceptedPolicy),
        (sick, TimeStampFailure::SystemFailure),
    ] {
        let refused = TimeStamp::parse(&answer).unwrap_err();
        assert_eq!(refused.label(), "time_stamp_rejected");
        let bits = failure.response("");
        assert!(answer.ends_with(&bits[bits.len() - 3..]), "{failure:?}");
    }
    house.pass_seconds(-3_600);
    let behind = post(&house, plain().encode()).await.body;
    let bits = TimeStampFailure::TimeNotAvailable.response("");
    assert!(behind.ends_with(&bits[bits.len() - 3..]));
    house.pass_seconds(3_600);
    assert_eq!(house.post("/time-stamp", &json!({})).send().await.label(), "request_media_type");
    assert_eq!(post(&house, vec![0; 5_000]).await.label(), "request_too_large");
    house.close().await;
}

/// Waits until there is a stamp that was not there before; stamps are made behind the publishing.
async fn newest_text(house: &House, not: &[u8]) -> Vec<u8> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        let answer = house.get("/checkpoint.txt").send().await;
        let there = house.get("/checkpoint.tsr").send().await.status == StatusCode::OK;
        if there && answer.status == StatusCode::OK && answer.body != not {
            return answer.body.to_vec();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no stamp")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_are_stamped_once_a_minute() {
    let (house, _) = bureau().await;
    let (authority, _) = authority_file(&house, "signature").await;
    assert_eq!(house.get("/checkpoint.tsr").send().await.label(), "time_stamp_absent");
    // A device that is away holds nothing up; what was not stamped is stamped a minute later.
    house.sick.store(true, Ordering::SeqCst);
    house.publish();
    let head = published(&house).await;
    house.sick.store(false, Ordering::SeqCst);
    house.pass_seconds(61);
    house.publish();
    let text = newest_text(&house, b"").await;
    let told: Checkpoint = String::from_utf8(text.clone()).unwrap().parse().unwrap();
    assert_eq!(*told.head(), head);

    house.stock(1).await;
    house.publish();
    assert_eq!(house.get(&format!("/timestamps/{}", head.size + 1)).send().await.status, 404);
    house.pass_seconds(61);
    house.publish();
    let later = newest_text(&house, &text).await;
    let newest = house.get("/checkpoint.tsr").send().await.body;
    let size = later_size(&later);
    for (size, text) in [(head.size, &text), (size, &later)] {
        let path = format!("/timestamps/{size}");
        let stamp = house.get(&path).send().await;
        assert_eq!(house.get(&format!("{path}/text")).send().await.body, text);
        let (got, data) = (file(&house, "got.tsr", &stamp.body), file(&house, "data", text));
        let asked = ["ts", "-verify", "-in", &got, "-data", &data, "-CAfile", &authority];
        let (good, said) = openssl(&asked);
        assert!(good, "{said}");
        assert!(size == head.size || stamp.body == newest);
    }
    for other in ["0", "007", "x", "18446744073709551616"] {
        let path = format!("/timestamps/{other}");
        assert_eq!(house.get(&path).send().await.label(), "time_stamp_absent");
    }
    house.close().await;
}

fn later_size(text: &[u8]) -> u64 {
    let told: Checkpoint = std::str::from_utf8(text).unwrap().parse().unwrap();
    told.head().size
}
