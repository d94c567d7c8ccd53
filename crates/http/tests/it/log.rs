//! The ledger as an outsider reads it: tiles, bundles, checkpoint, and nothing beyond it.

use crate::house::{CHIYODA, House, message};
use crate::journey::published;
use hyper::StatusCode;
use ledger::tile::{BundleId, TileId};
use ledger::{Frontier, Hash, bundle};
use sekisho_http::DoorLimits;
use serde_json::{Value, json};
use std::time::Duration;

/// A ledger of a little more than one full tile: one stock, then residents in lists.
async fn filled() -> House {
    let house = House::open().await;
    let codes = house.stock(300).await;
    let messages: Vec<Value> = (1..).zip(&codes).map(|(n, code)| message(n, code)).collect();
    for list in messages.chunks(100) {
        let list = Value::from(list.to_vec());
        house.post("/v1/feed/131016/events", &list).by(CHIYODA).send().await.done();
        house.publish();
    }
    house
}

async fn read(house: &House, path: &str) -> Vec<u8> {
    let answer = house.get(&format!("/{path}")).over_http2().send().await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    answer.body.to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bundles_and_tiles_add_up_to_the_checkpoint() {
    let house = filled().await;
    let head = published(&house).await;
    assert_eq!(head.size, 301);
    let mut frontier = Frontier::new();
    for index in 0..2 {
        let id = BundleId::of_tree(index, head.size).unwrap();
        let bytes = read(&house, &id.path()).await;
        let tile = read(&house, &TileId::of_tree(0, index, head.size).unwrap().path()).await;
        let hashes: Vec<_> =
            bundle::entries(&bytes).map(|entry| Hash::leaf(entry.unwrap())).collect();
        assert_eq!(hashes.len(), usize::from(id.width()));
        assert!(hashes.iter().copied().eq(Hash::split(&tile)));
        hashes.into_iter().for_each(|hash| frontier.append(hash));
    }
    assert_eq!(frontier.head(), head);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_tiles_stay_and_the_rest_is_told_apart() {
    let house = filled().await;
    let cache = async |path: &str| house.get(path).send().await.header("cache-control").to_owned();
    for full in ["/tile/0/000", "/tile/entries/000"] {
        assert!(cache(full).await.contains("immutable"), "{full}");
    }
    for partial in ["/tile/0/001.p/45", "/tile/1/000.p/1", "/tile/entries/001.p/45"] {
        let rule = cache(partial).await;
        assert!(rule.contains("max-age") && !rule.contains("immutable"), "{partial}");
    }
    assert_eq!(cache("/checkpoint").await, "no-cache");
    // Any narrower tile is a part of what is there.
    let wide = read(&house, "tile/0/001.p/45").await;
    assert_eq!(read(&house, "tile/0/001.p/7").await, wide[..7 * 32]);
    assert_eq!(read(&house, "tile/0/000.p/255").await.len(), 255 * 32);
    let entries = read(&house, "tile/entries/001.p/7").await;
    assert_eq!(bundle::entries(&entries).count(), 7);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_beyond_the_checkpoint_is_served() {
    let house = filled().await;
    // An act that is committed and not yet published.
    house.stock(1).await;
    for path in [
        "/tile/0/001",
        "/tile/0/001.p/46",
        "/tile/0/002.p/1",
        "/tile/1/000.p/2",
        "/tile/2/000.p/1",
        "/tile/entries/001",
        "/tile/entries/001.p/46",
        "/tile/entries/001.p/0",
        "/tile/64/000",
        "/tile/0/0",
        "/tile/0/x001",
        "/tile/0/000.p/256",
        "/tile/00/000",
        "/tile/0/../checkpoint",
        "/tile/0/000/",
        "/tile/x",
        "/tile/checkpoint",
        "/tile/0/000.new",
    ] {
        let answer = house.get(path).send().await;
        assert_eq!(
            (answer.status, answer.label()),
            (StatusCode::NOT_FOUND, "tile_absent".into()),
            "{path}"
        );
    }
    let shown = house.get("/v1/acts/301").by(CHIYODA).send().await.done();
    assert_eq!(shown["proof"], Value::Null);
    for query in [
        "inclusion?index=301",
        "inclusion?index=0&size=302",
        "inclusion?index=5&size=5",
        "consistency?from=302",
        "consistency?from=5&to=4",
        "consistency?from=1&to=302",
    ] {
        let answer = house.get(&format!("/v1/ledger/proof/{query}")).send().await;
        assert_eq!(answer.label(), "proof_range", "{query}");
    }
    assert_eq!(house.get("/v1/ledger/proof/inclusion").send().await.label(), "request_malformed");
    house.close().await;
}

/// What is on disk may have been changed since it was published: no proof is made of that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proofs_are_held_against_the_checkpoint() {
    for (tile, at, queries) in [
        ("0/000", 7 * 32, ["inclusion?index=0", "inclusion?index=0&size=9", "consistency?from=5"]),
        ("1/000.p/1", 3, ["inclusion?index=0", "inclusion?index=300", "consistency?from=300"]),
        ("0/001.p/45", 44 * 32, ["inclusion?index=0", "inclusion?index=300", "consistency?from=5"]),
    ] {
        let house = filled().await;
        let path = house.directory.path().join("public/tile").join(tile);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        for query in queries {
            let answer = house.get(&format!("/v1/ledger/proof/{query}")).send().await;
            assert_eq!(answer.label(), "ledger_split", "{tile} {query}");
        }
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        house.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_tells_when_publishing_falls_behind() {
    let limits = DoorLimits { ready_kept: Duration::ZERO, ..DoorLimits::default() };
    let house = House::open_with(limits).await;
    house.stock(1).await;
    house.pass_seconds(4);
    let ready = house.get("/ready").send().await.done();
    assert_eq!(ready, json!({ "status": "ready", "acts": 1, "published": 0 }));
    house.pass_seconds(2);
    let behind = house.get("/ready").send().await;
    assert_eq!((behind.status.as_u16(), behind.label().as_str()), (503, "overloaded"));
    house.publish();
    assert_eq!(house.get("/ready").send().await.done()["published"], 1);
    house.close().await;
}

/// Anybody may ask, as often as they like: a commit is made for the first only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_share_one_answer() {
    let limits = DoorLimits { ready_kept: Duration::MAX, ..DoorLimits::default() };
    let house = House::open_with(limits).await;
    let ask = || async { house.get("/ready").send().await.done() };
    let (first, second, third, fourth) = tokio::join!(ask(), ask(), ask(), ask());
    assert_eq!([&first, &second, &third], [&fourth; 3]);
    house.stock(1).await;
    assert_eq!(ask().await, first);
    let metrics = house.get("/metrics").send().await;
    // One for the probes, one for the stock.
    assert!(String::from_utf8_lossy(&metrics.body).contains("sekisho_commit_jobs_total 2\n"));
    house.close().await;
}
