//! Healthy tokens: the suite of every key store, what is lasting, and what a token keeps to itself.

use crate::devices::{self, PIN, SOFTHSM, Token, eventually, open, options};
use base::Moment;
use keys::{OsEntropy, Passphrase};
use ports::{KeyKind, KeyLabel, KeyStore};
use sekisho_hsm::{BreakerState, HsmStore, TokenChoice};
use std::process::Command;
use std::sync::Arc;
use x509::KeyAlgorithm;

#[test]
fn the_suite_of_every_key_store() {
    let token = Token::new("sekisho test");
    keys::testing::suite(&open(vec![token.healthy()])).unwrap();
}

#[test]
fn the_suite_without_checking_and_with_one_session_in_a_slot_by_number() {
    let token = Token::new("plain");
    let mut tool = Command::new("softhsm2-util");
    let shown = tool.arg("--show-slots").env(devices::CONF, token.conf()).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    let slot = shown.lines().find_map(|line| line.strip_prefix("Slot ")).unwrap();
    let mut device = token.healthy();
    device.token = TokenChoice::Slot(slot.parse().unwrap());
    let mut options = options(vec![device]);
    (options.sessions, options.check) = (1, false);
    keys::testing::suite(&HsmStore::open(options).unwrap()).unwrap();
}

#[test]
fn keys_are_there_after_a_restart_and_for_other_programs() {
    let token = Token::new("lasting");
    let (first, second) = (open(vec![token.healthy()]), open(vec![token.healthy()]));
    assert_eq!(second.list().unwrap(), []);
    let (label, at) = ("ledger".parse::<KeyLabel>().unwrap(), Moment::from_us(-5));
    let kind = KeyKind::Sign(KeyAlgorithm::Ed25519);
    let info = first.generate(&label, kind, at, &mut OsEntropy::new()).unwrap();
    let public = info.public.clone().unwrap();
    assert!(public.has_signed(b"m", &second.sign(&label, b"m").unwrap()), "made meanwhile");
    drop(first);
    let third = open(vec![token.healthy()]);
    assert_eq!(third.list().unwrap(), [info]);
    assert_eq!(third.public_key(&label).unwrap(), public);
    third.destroy(&label).unwrap();
    assert_eq!(second.sign(&label, b"m").unwrap_err().label(), "key_absent");
}

#[test]
fn many_threads_share_few_sessions() {
    let token = Token::new("busy");
    let store = open(vec![token.healthy()]);
    let label: KeyLabel = "ca/1".parse().unwrap();
    let kind = KeyKind::Sign(KeyAlgorithm::P256);
    store.generate(&label, kind, Moment::from_us(0), &mut OsEntropy::new()).unwrap();
    let public = store.public_key(&label).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..12_u8 {
            let (store, public, label) = (store.clone(), &public, &label);
            scope.spawn(move || {
                for message in 0..30_u8 {
                    let message = [thread, message];
                    assert!(public.has_signed(&message, &store.sign(label, &message).unwrap()));
                }
            });
        }
    });
    let status = &store.status()[0];
    assert_eq!((status.in_flight, status.late, status.restarts), (0, 0, 0));
    assert_eq!((status.sessions, status.keys, status.breaker), (3, 1, BreakerState::Closed));
    assert_eq!(status.token.as_ref().map(|(label, _)| &**label), Some("busy"));
    assert_eq!(status.kinds, KeyKind::ALL);
    assert_eq!(status.last_failure, None);
}

#[test]
fn no_key_can_be_taken_out_of_the_token() {
    let token = Token::new("closed");
    let store = open(vec![token.healthy()]);
    for kind in KeyKind::ALL {
        let label: KeyLabel = format!("k-{kind}").parse().unwrap();
        store.generate(&label, kind, Moment::from_us(0), &mut OsEntropy::new()).unwrap();
    }
    let shown = stranger(&token, &["--list-objects"]);
    let secret = |line: &&str| line.contains("Access:") && line.contains("sensitive");
    let lines: Vec<&str> = shown.lines().filter(secret).collect();
    assert_eq!(lines.len(), KeyKind::ALL.len(), "{shown}");
    let lines_of_secrets = lines.len();
    for line in lines {
        for word in ["always sensitive", "never extractable", "local"] {
            assert!(line.contains(word), "{shown}");
        }
    }
    // Nothing is wrapped or derived with a key, and what signs decrypts nothing.
    let usages: Vec<_> = shown.lines().filter_map(|line| line.split("Usage:").nth(1)).collect();
    assert!(usages.len() > lines_of_secrets, "{shown}");
    for usage in usages {
        assert!(!usage.contains("wrap") && !usage.contains("derive"), "{shown}");
        let signs = usage.contains("sign") || usage.contains("verify");
        assert!(!(signs && usage.contains("crypt")), "{shown}");
    }
    for (class, label) in [("secrkey", "k-wrap"), ("secrkey", "k-mac"), ("privkey", "k-sign-p256")]
    {
        let read = stranger(&token, &["--read-object", "--type", class, "--label", label]);
        assert!(read.contains("error") || read.contains("sorry"), "{class} {label}: {read}");
    }
}

#[test]
fn what_is_configured_wrongly_is_told_and_a_pin_is_not_tried_twice() {
    let token = Token::new("strict");
    // SoftHSM notes a wrong PIN in the token's file: whoever reads it just then may find nothing.
    let other = Token::new("other");
    let mut wrong_pin = other.healthy();
    wrong_pin.pin = Arc::new(Passphrase::new(b"000000".to_vec()).unwrap());
    let mut no_library = token.healthy();
    no_library.module = "/nonexistent/pkcs11.so".into();
    let mut no_token = token.healthy();
    no_token.token = TokenChoice::Label("absent".to_owned());
    for (device, label) in [
        (wrong_pin.clone(), "hsm_configuration"),
        (no_library, "hsm_configuration"),
        (no_token, "hsm_gone"),
    ] {
        let problem = HsmStore::open(options(vec![device])).unwrap_err();
        assert_eq!(problem.label(), label, "{problem}");
        assert!(!problem.to_string().contains("000000"));
    }
    let none = HsmStore::open(options(Vec::new())).unwrap_err();
    assert_eq!(none.label(), "hsm_configuration");
    let store = open(vec![wrong_pin, token.healthy()]);
    eventually("the device with the wrong PIN is out", || {
        store.status()[0].last_failure.as_ref().is_some_and(|why| why.contains("PIN"))
    });
    assert_eq!(store.status()[0].restarts, 0);
    assert!(store.status()[1].ready);
}

/// What OpenSC's tool says.
fn stranger(token: &Token, words: &[&str]) -> String {
    let mut tool = Command::new("pkcs11-tool");
    tool.args(["--module", SOFTHSM, "--login", "--pin", PIN]).args(words);
    let said = tool.env(devices::CONF, token.conf()).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr))
}
