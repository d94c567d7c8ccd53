//! The ledger as an outsider sees it: with the published files and a verifier key, nothing else.

use crate::feeds::{CHIYODA, TARO, feed, line, newcomers};
use crate::house::{House, copy_tree};
use ledger::Hash;
use ledger::checkpoint::{LogIdentity, Origin};
use ledger::note::VerifierKey;
use ledger::proof::InclusionProof;
use ledger::tree::TreeHead;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A house with a ledger of more than one tile, published in one go.
fn house() -> House {
    let house = House::quick();
    let codes = house.codes(CHIYODA, 280);
    house.import(&newcomers(&codes));
    house.ask(&["lists"]).good();
    // Published in one go: no partial tile of an earlier size stands beside the newest.
    fs::remove_dir_all(house.data().join("ledger")).unwrap();
    house.ask(&["ledger", "checkpoint"]).good();
    house
}

fn key(house: &House) -> String {
    house.ask(&["ledger", "key"]).good()["key"].as_str().unwrap().to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn a_stranger_checks_checkpoint_and_proofs_with_the_key_alone() {
    let house = house();
    let told = house.ask(&["ledger", "checkpoint"]).good();
    let key: VerifierKey = key(&house).parse().unwrap();
    let origin: Origin = "sekisho.example/ledger".parse().unwrap();
    let identity = LogIdentity { origin, keys: vec![key] };
    let signed = identity.open(text(&told["note"]), &[]).unwrap();
    let head = *signed.head();
    assert_eq!(
        (head.size, head.root.to_base64()),
        (told["size"].as_u64().unwrap(), text(&told["root"]).to_owned())
    );
    assert!(head.size > 512);
    let last = head.size - 1;
    for act in [0, 1, 255, 256, 300, last] {
        let proof = house.ask(&["ledger", "prove", &act.to_string()]).good();
        assert_eq!((&proof["act"], &proof["size"]), (&act.into(), &head.size.into()));
        let leaf = Hash::leaf(text(&proof["leaf"]).as_bytes());
        assert_eq!(leaf.to_base64(), text(&proof["leaf_hash"]));
        let path = proof["path"].as_array().unwrap().iter();
        let path = path.map(|hash| Hash::from_base64(text(hash)).unwrap()).collect();
        let proof = InclusionProof { index: act, size: head.size, path };
        proof.verify(&leaf, &head).unwrap();
        let other = TreeHead { root: leaf, ..head };
        assert!(proof.verify(&leaf, &other).is_err(), "any root would do");
    }
    house.ask(&["ledger", "prove", &head.size.to_string()]).problem(4, "act_absent");
    let beyond = (head.size + 1).to_string();
    house.ask(&["ledger", "prove", "0", "--size", &beyond]).problem(3, "proof_range");
    house.ask(&["ledger", "prove", "5", "--size", "5"]).problem(3, "proof_range");
    house.done();
}

#[test]
fn an_older_checkpoint_has_its_proofs_too() {
    let house = House::quick();
    let codes = house.codes(CHIYODA, 4);
    let older = house.ask(&["ledger", "checkpoint"]).good();
    house.import(&feed(&[line(1, "move_in", &codes[0], TARO)]));
    let size = older["size"].to_string();
    let proof = house.ask(&["ledger", "prove", "0", "--size", &size]).good();
    assert_eq!((&proof["root"], &proof["size"]), (&older["root"], &older["size"]));
    house.done();
}

#[test]
fn a_ledger_without_acts_has_a_checkpoint_too() {
    let house = House::quick();
    let checkpoint = house.ask(&["ledger", "checkpoint"]).good();
    assert_eq!(checkpoint["size"], 0);
    assert_eq!(house.ask(&["verify"]).good()["checkpoints"], 1);
    let report = house.ask(&["ledger", "audit"]).good();
    assert_eq!((&report["holds"], &report["entries"]), (&true.into(), &0.into()));
    house.done();
}

#[test]
fn lost_files_are_made_again_from_the_store() {
    let house = House::quick();
    let codes = house.codes(CHIYODA, 300);
    let lines: Vec<_> =
        (1..).zip(&codes).map(|(sequence, code)| line(sequence, "move_in", code, TARO)).collect();
    house.import(&feed(&lines));
    let older = house.ask(&["ledger", "checkpoint"]).good();
    let more = house.codes(CHIYODA, 1);
    house.import(&feed(&[line(301, "move_in", &more[0], TARO)]));
    house.ask(&["ledger", "checkpoint"]).good();
    let whole = house.published();
    for (name, _) in &whole {
        if name != Path::new("checkpoint") {
            fs::remove_file(house.data().join("ledger").join(name)).unwrap();
        }
    }
    assert_eq!(house.ask(&["ledger", "audit"]).json()["holds"], false);
    house.ask(&["ledger", "checkpoint", "--rebuild"]).good();
    // What is made again are the tiles of today; an older size is proved from them.
    let there = house.published();
    assert!(there.len() < whole.len() && there.iter().all(|file| whole.contains(file)));
    let size = older["size"].to_string();
    let proof = house.ask(&["ledger", "prove", "0", "--size", &size]).good();
    assert_eq!(proof["root"], older["root"]);
    house.done();
}

/// Tiles that are lost or changed are the platform's fault, not that of whoever asks for a proof.
#[test]
fn a_tile_that_is_not_what_was_published_proves_nothing() {
    let house = house();
    let tile = house.data().join("ledger/tile/0/000");
    let whole = fs::read(&tile).unwrap();
    let mut changed = whole.clone();
    changed[7 * 32] ^= 1;
    fs::write(&tile, changed).unwrap();
    house.ask(&["ledger", "prove", "0"]).problem(6, "ledger_split");
    fs::remove_file(&tile).unwrap();
    house.ask(&["ledger", "prove", "0"]).problem(6, "ledger_split");
    fs::write(&tile, whole).unwrap();
    house.ask(&["ledger", "prove", "0"]).good();
    house.done();
}

#[test]
fn a_copy_is_audited_with_the_key_alone() {
    let house = house();
    let key = key(&house);
    let stranger = House::empty();
    let copy = stranger.beside("copy");
    copy_tree(&house.data().join("ledger"), &copy);
    let copy = copy.to_str().unwrap();
    let report = stranger.ask(&["ledger", "audit", copy, "--key", &key]).good();
    assert_eq!(report["holds"], true);
    assert_eq!(report["entries"], house.ask(&["verify"]).good()["acts"]);
    let other = self::key(&House::quick());
    stranger.ask(&["ledger", "audit", copy, "--key", &other]).problem(6, "ledger_split");
    let problem = stranger.ask(&["ledger", "audit", copy, "--key", "no key"]);
    assert_eq!(problem.problem(3, "request_malformed")["field"], "key");
    let nowhere = format!("{copy}/nowhere");
    stranger.ask(&["ledger", "audit", &nowhere, "--key", &key]).problem(4, "checkpoint_absent");
    assert!(!stranger.data().exists(), "a stranger needs no data directory");
    house.done();
}

#[test]
fn a_flipped_bit_anywhere_is_found_and_named() {
    let house = house();
    let ledger = house.data().join("ledger");
    let files = house.published();
    assert!(files.len() >= 7, "{} files", files.len());
    for (number, (name, whole)) in files.iter().enumerate() {
        for at in [0, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (number % 8);
            found(&house, name, Some(&bytes), at);
        }
        found(&house, name, Some(&whole[..whole.len() - 1]), whole.len() - 1);
        found(&house, name, None, 0);
        fs::write(ledger.join(name), whole).unwrap();
    }
    house.done();
}

/// Puts these bytes in the file's place (or none) and audits.
fn found(house: &House, name: &Path, bytes: Option<&[u8]>, at: usize) {
    let place = house.data().join("ledger").join(name);
    match bytes {
        Some(bytes) => fs::write(&place, bytes).unwrap(),
        None => fs::remove_file(&place).unwrap(),
    }
    let told = house.ask(&["ledger", "audit"]);
    if name == Path::new("checkpoint") {
        let (code, label) =
            if bytes.is_some() { (6, "ledger_split") } else { (4, "checkpoint_absent") };
        told.problem(code, label);
        return;
    }
    let report = told.json();
    assert_eq!((told.code, &report["holds"]), (1, &false.into()), "byte {at}: {report}");
    // Entries that can be read but are others show in the tile that does not fit them.
    let tile = name.display().to_string().replace("tile/entries/", "tile/0/");
    let named = [name.to_owned(), PathBuf::from(tile)];
    let first = PathBuf::from(text(&report["first"]));
    assert!(named.contains(&first), "{name:?}, byte {at}: {report}");
}

#[test]
fn an_older_store_under_a_newer_ledger_is_a_split() {
    let house = House::quick();
    let codes = house.codes(CHIYODA, 3);
    house.import(&feed(&[line(1, "move_in", &codes[0], TARO)]));
    let store = house.data().join("store.sqlite");
    let older = fs::read(&store).unwrap();
    house.import(&feed(&[line(2, "move_in", &codes[1], TARO)]));
    let newer = fs::read(&store).unwrap();
    let published = house.published();
    fs::write(&store, &older).unwrap();
    let other = house.write("other.csv", feed(&[line(2, "move_in", &codes[2], TARO)]));
    let count = ["stock", "--municipality", CHIYODA, "--count", "1"];
    for arguments in [
        &["ledger", "checkpoint"][..],
        &["import", &other],
        &["lists"],
        &["keys", "rotate", "kek"],
        &count,
    ] {
        let problem = house.ask(arguments).problem(6, "ledger_split");
        assert!(text(&problem["detail"]).contains("old backup"), "{problem}");
    }
    assert!(house.published() == published, "what was published was changed");
    assert_eq!(fs::read(&store).unwrap(), older, "something was added to the old store");
    let told = house.run(&["lists"]);
    assert!(told.err.contains("keep both copies as evidence"), "{}", told.err);
    fs::write(&store, &newer).unwrap();
    house.done();
}

#[test]
fn deleted_tiles_are_made_again_byte_by_byte() {
    let house = house();
    let before = house.published();
    for gone in ["", "tile", "checkpoint", "tile/0"] {
        let place = house.data().join("ledger").join(gone);
        if place.is_dir() {
            fs::remove_dir_all(&place).unwrap();
        } else {
            fs::remove_file(&place).unwrap();
        }
        house.ask(&["ledger", "checkpoint"]).good();
        assert!(house.published() == before, "without {gone:?} something else was published");
    }
    // What nothing new is built upon is missed by the audit, which says how it is made again.
    fs::remove_dir_all(house.data().join("ledger/tile/entries")).unwrap();
    let told = house.run(&["ledger", "audit"]);
    assert!(told.code == 1 && told.out.contains("move it away as evidence"), "{}", told.out);
    fs::remove_dir_all(house.data().join("ledger")).unwrap();
    house.ask(&["ledger", "checkpoint"]).good();
    assert!(house.published() == before);
    house.done();
}

/// Another ledger's files in the place of ours are nobody's to write over.
#[test]
fn a_foreign_ledger_is_not_written_over() {
    let (house, other) = (House::quick(), House::quick());
    house.codes(CHIYODA, 1);
    other.codes(CHIYODA, 1);
    let place = house.data().join("ledger");
    fs::remove_dir_all(&place).unwrap();
    copy_tree(&other.data().join("ledger"), &place);
    house.ask(&["ledger", "checkpoint"]).problem(6, "ledger_split");
    assert!(house.published() == other.published());
    fs::remove_dir_all(&place).unwrap();
    house.done();
    other.done();
}
