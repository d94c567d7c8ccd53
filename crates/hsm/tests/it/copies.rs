//! Two devices that hold the same keys: whatever ails one, every call is answered by the other, and
//! the one that was ill is worked with again.

use crate::devices::{Token, eventually, open};
use base::Moment;
use keys::OsEntropy;
use ports::{KeyInfo, KeyKind, KeyLabel, KeyStore};
use sekisho_hsm::{BreakerState, HsmStore};
use x509::KeyAlgorithm;

#[test]
fn whatever_ails_one_device_the_other_answers() {
    for fault in ["stall", "crash", "wrong", "removed", "error", "slow 3000"] {
        let (sick, _well, store, info) = two();
        sick.fault(fault);
        for _ in 0..12 {
            works(&store, &info);
        }
        sick.fault("");
        eventually(&format!("it is worked with again after {fault}"), || {
            works(&store, &info);
            let status = &store.status()[0];
            status.ready && status.breaker == BreakerState::Closed && status.late == 0
        });
        assert_eq!(store.status()[1].breaker, BreakerState::Closed);
    }
}

#[test]
fn what_the_caller_does_not_accept_is_asked_of_the_other() {
    let (sick, _well, store, info) = two();
    let public = info.public.as_ref().unwrap();
    sick.fault("wrong on C_Sign");
    for _ in 0..12 {
        let good = |signature: &[u8]| public.has_signed(b"message", signature);
        store.sign_accepted(&info.label, b"message", &good).unwrap();
    }
    let states = store.status().iter().map(|status| status.breaker).collect::<Vec<_>>();
    assert_ne!(states[0], BreakerState::Closed);
    assert_eq!(states[1], BreakerState::Closed);
}

#[test]
fn a_device_that_is_down_from_the_start_is_done_without() {
    let (sick, well, store, info) = two();
    drop(store);
    sick.fault("error on C_Login");
    let store = open(vec![sick.sick(), well.healthy()]);
    works(&store, &info);
    // What is not found may be on the device that is down; nor can anything new be made.
    let nobody: KeyLabel = "nobody".parse().unwrap();
    assert_eq!(store.mac(&nobody, b"m").unwrap_err().label(), "hsm_unavailable");
    assert_eq!(store.list().unwrap_err().label(), "hsm_unavailable");
    sick.fault("");
    eventually("it comes up", || store.status()[0].ready);
    eventually("all are listed", || store.list().is_ok_and(|keys| keys == [info.clone()]));
}

#[test]
fn both_share_the_work() {
    let (sick, _well, store, info) = two();
    // As slow as a device across a network, so that work piles up.
    sick.fault("slow 3 on C_Sign");
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| (0..30).for_each(|_| works(&store, &info)));
        }
    });
    sick.fault("crash on C_Sign");
    // Only if it has its share does the fault come to light.
    eventually("the first is asked", || {
        works(&store, &info);
        store.status()[0].restarts > 0
    });
}

#[test]
fn a_key_made_anew_is_on_the_first_device_and_destroyed_on_all() {
    let (_sick, _well, store, old) = two();
    let label: KeyLabel = "index".parse().unwrap();
    let made = store.generate(&label, KeyKind::Mac, Moment::from_us(3), &mut OsEntropy::new());
    let made = made.unwrap();
    assert_eq!(store.status().iter().map(|status| status.keys).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(store.list().unwrap(), [old.clone(), made]);
    assert_eq!(store.mac(&label, b"m").unwrap(), store.mac(&label, b"m").unwrap());
    store.destroy(&old.label).unwrap();
    store.destroy(&label).unwrap();
    assert_eq!(store.list().unwrap(), []);
    assert_eq!(store.destroy(&label).unwrap_err().label(), "key_absent");
}

#[test]
fn different_keys_under_one_label_are_not_worked_with() {
    let (first, second) = (Token::new("one"), Token::new("two"));
    let label: KeyLabel = "index".parse().unwrap();
    for token in [&first, &second] {
        let store = open(vec![token.healthy()]);
        store.generate(&label, KeyKind::Mac, Moment::from_us(3), &mut OsEntropy::new()).unwrap();
    }
    let store = open(vec![first.healthy(), second.healthy()]);
    eventually("both are up", || store.status().iter().all(|status| status.ready));
    assert_eq!(store.mac(&label, b"m").unwrap_err().label(), "hsm_configuration");
}

/// A key on a device that may fall ill and on a copy of it that does not.
fn two() -> (Token, Token, HsmStore, KeyInfo) {
    let sick = Token::new("pair");
    let label: KeyLabel = "ca/1".parse().unwrap();
    let kind = KeyKind::Sign(KeyAlgorithm::P256);
    let alone = open(vec![sick.healthy()]);
    let info = alone.generate(&label, kind, Moment::from_us(0), &mut OsEntropy::new()).unwrap();
    drop(alone);
    let well = sick.copy();
    let store = open(vec![sick.sick(), well.healthy()]);
    eventually("both are up", || store.status().iter().all(|status| status.ready));
    (sick, well, store, info)
}

fn works(store: &HsmStore, info: &KeyInfo) {
    let signature = store.sign(&info.label, b"message").unwrap();
    assert!(info.public.as_ref().unwrap().has_signed(b"message", &signature));
}
