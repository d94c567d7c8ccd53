//! Keys that are known outside, written into the token by a stranger's tool: what the token makes
//! of them must be what anybody makes of them.

use crate::devices::{CONF, PIN, SOFTHSM, Token, open};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base::Moment;
use keys::OsEntropy;
use numbers::assignment::{CODE_DOMAIN, NUMBER_DOMAIN, WalkingFf1};
use ports::{Domain, KeyKind, KeyStore};
use seal::{DataKey, WrapPlace};
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

#[test]
fn the_permutation_is_ff1() {
    let token = Token::new("known");
    import(&token, "numbering", KeyKind::Permutation);
    let store = open(vec![token.healthy()]);
    let label = "numbering".parse().unwrap();
    for (digits, below) in [(11, NUMBER_DOMAIN), (10, CODE_DOMAIN), (10, 3_000_000_001)] {
        // More values than go into one message.
        let step = below / 5_001;
        let values: Vec<u64> = (0..5_000).map(|at| at * step).collect();
        let (mut here, mut there) = (values.clone(), values.clone());
        WalkingFf1::new(&KEY, digits, below).unwrap().permute(&mut here).unwrap();
        store.permute(&label, Domain { digits, below }, &mut there).unwrap();
        assert_eq!(there, here);
        store.invert(&label, Domain { digits, below }, &mut there).unwrap();
        assert_eq!(there, values);
    }
}

#[test]
fn a_wrapping_is_aes_gcm_bound_to_its_place() {
    let token = Token::new("known");
    import(&token, "kek/3", KeyKind::Wrap);
    let store = open(vec![token.healthy()]);
    let (label, place) = ("kek/3".parse().unwrap(), WrapPlace { person: 12, generation: 2 });
    let mut entropy = OsEntropy::new();
    let key = DataKey::from_entropy(&mut entropy);
    let sealed = store.wrap(&label, &place, &key, &mut entropy).unwrap();
    assert_eq!((sealed.len(), sealed[0]), (61, 2));
    let gcm = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &KEY).unwrap());
    let nonce = Nonce::try_assume_unique_for_key(&sealed[1..13]).unwrap();
    let mut body = sealed[13..].to_vec();
    let opened = gcm.open_in_place(nonce, Aad::from(place.additional(3)), &mut body).unwrap();
    assert_eq!(*opened, *key.reveal());
    assert!(store.unwrap(&label, &place, &sealed).unwrap() == key);
    // A refused wrapping says nothing about the device.
    let mut changed = sealed.clone();
    for bit in 0..sealed.len() * 8 {
        changed[bit / 8] ^= 1 << (bit % 8);
        let refused = store.unwrap(&label, &place, &changed).err().unwrap();
        assert_eq!(refused.label(), "key_operation", "{refused}");
        changed[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(store.status()[0].last_failure, None);
}

#[test]
fn two_keys_of_one_label_are_not_worked_with_and_others_are() {
    let token = Token::new("twice");
    for (label, identity) in
        [("kek/1", b"identity"), ("kek/1", b"anotherk"), ("kek/2", b"identity")]
    {
        import_as(&token, label, KeyKind::Wrap, identity);
    }
    let store = open(vec![token.healthy()]);
    let (place, key) = (WrapPlace { person: 1, generation: 1 }, DataKey::from_entropy(&mut os()));
    let wrap = |label: &str| {
        let label = label.parse().unwrap();
        store.wrap(&label, &place, &key, &mut os()).map_err(|problem| problem.label())
    };
    assert_eq!(wrap("kek/1"), Err("key_operation"));
    assert!(wrap("kek/2").is_ok());
    let label = "kek/1".parse().unwrap();
    let made = store.generate(&label, KeyKind::Wrap, Moment::from_us(0), &mut os());
    assert_eq!(made.unwrap_err().label(), "key_exists");
    assert_eq!(store.destroy(&label).unwrap_err().label(), "key_operation");
}

#[test]
fn another_key_that_comes_under_a_label_is_not_taken_for_it() {
    let token = Token::new("swapped");
    import_as(&token, "numbering", KeyKind::Permutation, b"identity");
    let store = open(vec![token.healthy()]);
    let (label, domain) =
        ("numbering".parse().unwrap(), Domain { digits: 11, below: NUMBER_DOMAIN });
    let walk = || {
        let mut values = [1, 2, 3];
        store.permute(&label, domain, &mut values).map(|()| values).map_err(|p| p.label())
    };
    let images = walk().unwrap();
    // A restored token, say: the same label, and other bytes that nobody can tell from outside.
    remove(&token, "numbering");
    let other = KEY.map(|byte| byte ^ 1);
    write_key(&token, "numbering", KeyKind::Permutation, b"anotherk", &other);
    assert_eq!(walk(), Err("key_absent"));
    assert_eq!(walk(), Err("hsm_configuration"), "no number comes of another key");
    remove(&token, "numbering");
    import_as(&token, "numbering", KeyKind::Permutation, b"identity");
    store.list().unwrap();
    assert_eq!(walk(), Ok(images), "and it is what it was");
}

fn os() -> OsEntropy {
    OsEntropy::new()
}

fn import(token: &Token, label: &str, kind: KeyKind) {
    import_as(token, label, kind, b"identity");
}

fn import_as(token: &Token, label: &str, kind: KeyKind, identity: &[u8; 8]) {
    write_key(token, label, kind, identity, &KEY);
}

/// Writes a key into the token, marked as the platform marks its keys.
fn write_key(token: &Token, label: &str, kind: KeyKind, identity: &[u8; 8], key: &[u8]) {
    fs::write(token.path("key"), key).unwrap();
    let code = KeyKind::ALL.iter().position(|other| *other == kind).unwrap() as u8 + 1;
    let id = [&b"sekisho\x01"[..], &[code], &7_i64.to_be_bytes(), identity].concat();
    let id = id.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    let path = token.path("key").display().to_string();
    let place = ["--label", label, "--id", &id, "--usage-decrypt"];
    let what = ["--write-object", &path, "--type", "secrkey", "--key-type", "AES:32"];
    stranger(token, &[&what[..], &place].concat());
}

fn remove(token: &Token, label: &str) {
    stranger(token, &["--delete-object", "--type", "secrkey", "--label", label]);
}

fn stranger(token: &Token, words: &[&str]) {
    let mut tool = Command::new("pkcs11-tool");
    tool.args(["--module", SOFTHSM, "--login", "--pin", PIN]).args(words);
    let done = tool.env(CONF, token.conf()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

const KEY: [u8; 32] = *b"a key that everybody knows, once";
