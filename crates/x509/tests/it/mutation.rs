//! No input makes a reader fail otherwise than by a label: every prefix, every flipped bit and
//! drawn bytes of everything that is read. What is signed and changed is never accepted.

use crate::crl::{build, entry, profile};
use crate::house::{HOUR_US, authority, now, serial};
use crate::ocsp::{answer, delegate, issuer_id, response};
use crate::time_stamp::{imprint, info, stamp, stamper};
use crate::x509::{
    CertStatus, Covers, Crl, CrlEntry, CrlNumber, CrlScope, GeneralName, IdHash, ImprintHash,
    KeyAlgorithm, OcspQuestion, OcspRequest, OcspResponse, RevocationReason, TimeStamp,
    TimeStampInfo, TimeStampRequest,
};
use proptest::prelude::*;
use std::sync::LazyLock;

/// One of everything, built once.
struct Sound {
    list: Vec<u8>,
    request: Vec<u8>,
    response: Vec<u8>,
    stamp_request: Vec<u8>,
    stamp: Vec<u8>,
    stamper: crate::house::Holder,
}

static SOUND: LazyLock<Sound> = LazyLock::new(|| {
    let holder = authority(KeyAlgorithm::P256);
    let names = vec![GeneralName::Uri("http://crl.example/1".to_owned())];
    let scope = CrlScope { names: names.clone(), covers: Covers::EndEntities };
    let mut profile = profile(&holder.name);
    (profile.scope, profile.freshest) = (Some(&scope), &names);
    profile.number = CrlNumber::from(0x1234);
    let invalid_since = Some(now().plus_us(-HOUR_US));
    let doubted = CrlEntry { invalid_since, ..entry(7, Some(RevocationReason::KeyCompromise)) };
    let list = build(&profile, &[doubted, entry(8, None)], |message| holder.pair.sign(message));
    let id = issuer_id(holder).certificate(IdHash::Sha256, serial(5));
    let request = OcspRequest { certificates: vec![id], nonce: Some(&[7; 16]), signed: false };
    let delegate = delegate(holder, KeyAlgorithm::P256);
    let revoked = CertStatus::Revoked { at: now(), reason: Some(RevocationReason::Superseded) };
    let brought = [&delegate.certificate[..]];
    let stamper = stamper(holder, KeyAlgorithm::P256);
    let about = imprint(ImprintHash::Sha256, b"checkpoint");
    let stamp_request = TimeStampRequest {
        imprint: about,
        policy: None,
        nonce: Some(&[5]),
        certificate_asked: true,
    };
    Sound {
        list: list.unwrap(),
        request: request.encode(),
        response: response(&delegate, &[answer(id, revoked)], Some(&[7; 16]), &brought),
        stamp_request: stamp_request.encode(),
        stamp: stamp(&stamper, &info(about, Some(&[5])), true),
        stamper,
    }
});

/// Reads the bytes as everything; whether anything signed in them holds.
fn holds(bytes: &[u8]) -> bool {
    let holder = authority(KeyAlgorithm::P256);
    if let Err(refusal) = OcspRequest::parse(bytes) {
        assert!(!refusal.label().is_empty() && !refusal.to_string().is_empty());
    }
    if let Err(refusal) = TimeStampRequest::parse(bytes) {
        assert!(!refusal.label().is_empty() && !refusal.to_string().is_empty());
    }
    let _ = TimeStampInfo::parse(bytes);
    list_holds(bytes) || response_holds(bytes, holder) || stamp_holds(bytes)
}

fn list_holds(bytes: &[u8]) -> bool {
    let Ok(list) = Crl::parse(bytes) else { return false };
    assert_eq!(list.entries().count(), list.len());
    let found = list.entries().all(|entry| list.find_integer(entry.serial).is_some());
    assert!(found);
    let names = list.scope().map_or(0, |scope| scope.names().count());
    assert!(names <= bytes.len());
    list.is_signed_by(&authority(KeyAlgorithm::P256).key)
}

fn response_holds(bytes: &[u8], holder: &crate::house::Holder) -> bool {
    let Ok(response) = OcspResponse::parse(bytes) else { return false };
    let question = OcspQuestion {
        issuer: &holder.name,
        issuer_key: &holder.key,
        serial: serial(5),
        nonce: None,
        at: now(),
        skew_us: 0,
    };
    response.check(&question).is_ok()
}

fn stamp_holds(bytes: &[u8]) -> bool {
    let about = imprint(ImprintHash::Sha256, b"checkpoint");
    TimeStamp::parse(bytes)
        .is_ok_and(|stamp| stamp.check(&SOUND.stamper.read(), &about, None).is_ok())
}

fn all() -> [&'static [u8]; 5] {
    let sound = &*SOUND;
    [&sound.list, &sound.request, &sound.response, &sound.stamp_request, &sound.stamp]
}

#[test]
fn what_was_not_changed_holds() {
    assert_eq!(all().map(holds), [true, false, true, false, true]);
}

#[test]
fn no_prefix_is_taken_and_nothing_may_follow() {
    for bytes in all() {
        for end in 0..bytes.len() {
            assert!(!holds(&bytes[..end]));
        }
        assert!(!holds(&[bytes, &[0]].concat()));
    }
}

#[test]
fn no_flipped_bit_passes() {
    for bytes in all() {
        for at in 0..bytes.len() {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1 << (at % 8);
            let unsigned = outside_of_what_is_signed(bytes, at);
            assert!(unsigned || !holds(&changed), "byte {at} of {}", bytes.len());
        }
    }
}

/// Under no signature of a stamp are its status, which is granted with changes too, and the
/// certificates that it brings: the signed attributes bind the one that is checked.
fn outside_of_what_is_signed(bytes: &[u8], at: usize) -> bool {
    let brought = &SOUND.stamper.certificate[..];
    let start = bytes.windows(brought.len()).position(|window| window == brought);
    let within = |start: usize| (start..start + brought.len()).contains(&at);
    bytes == SOUND.stamp && (at == 8 || start.is_some_and(within))
}

proptest! {
    #[test]
    fn drawn_changes_are_read_or_refused(
        which in 0_usize..5,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = all()[which].to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        holds(&bytes);
    }

    #[test]
    fn drawn_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(!holds(&bytes));
        prop_assert!(!holds(&[&[0x30, 0x81, bytes.len() as u8][..], &bytes].concat()));
    }
}
