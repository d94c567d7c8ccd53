//! What files alone tell of a certificate: on certificates and lists of the profile.

use crate::house::{House, Made};
use authority::CertificateKind;
use authority::explain::{Files, Reason, explain_files};
use authority::profile::Form;
use authority::trigger::RevocationReason;
use base::Moment;
use sekisho_authority as authority;
use x509::{Certificate, CrlEntry, KeyAlgorithm};

const KIND: CertificateKind = CertificateKind::Signature;
const HOUR_US: i64 = 3_600_000_000;
/// Within the validity of the holder's certificate.
const NOW: Moment = Moment::from_us(1_800_000_000_000_000);

struct Papers {
    house: House,
    root: Made,
    holder: Made,
}

impl Papers {
    fn new() -> Self {
        let house = House::new(KeyAlgorithm::P256);
        let [root, holder, ..] = house.all(KIND);
        Self { house, root, holder }
    }

    fn list(&self, at: Moment, reason: Option<x509::RevocationReason>) -> Vec<u8> {
        let serial = Certificate::parse(&self.holder.der).unwrap().serial().unwrap();
        let entry = reason.map(|reason| CrlEntry {
            serial,
            revoked_at: revoked_at(),
            reason: Some(reason),
            invalid_since: None,
        });
        self.house.list((KIND, Form::Holder), at, entry)
    }

    fn explain(&self, anchors: &[Vec<u8>], lists: &[Vec<u8>], now: Moment) -> Vec<Reason> {
        explain_files(&Files { certificate: &self.holder.der, anchors, lists }, None, now)
    }
}

fn revoked_at() -> Moment {
    NOW.plus_us(-2 * HOUR_US)
}

#[test]
fn a_list_of_the_authority_tells_whether_it_is_revoked() {
    let papers = Papers::new();
    let root = [papers.root.der.clone()];
    let listed = |at, reason| papers.explain(&root, &[papers.list(at, reason)], NOW);
    let fresh = NOW.plus_us(-HOUR_US);
    assert_eq!(listed(fresh, None), []);
    let moved = Reason::Revoked(revoked_at(), RevocationReason::AffiliationChanged);
    assert_eq!(listed(fresh, Some(x509::RevocationReason::AffiliationChanged)), [moved]);
    let held = listed(fresh, Some(x509::RevocationReason::CertificateHold));
    assert_eq!(held, [Reason::Held(revoked_at())]);
    let old = NOW.plus_us(-30 * HOUR_US);
    let until = Reason::ListOutOfDate(old.plus_us(24 * HOUR_US));
    assert_eq!(listed(old, None), [until]);
    assert_eq!(papers.explain(&root, &[], NOW), [Reason::StatusUnknown]);
}

/// A list that is out of date is worth something: no revocation is taken back.
#[test]
fn what_an_old_list_revoked_stays_revoked() {
    let papers = Papers::new();
    let root = [papers.root.der.clone()];
    let old = NOW.plus_us(-30 * HOUR_US);
    let listed = |reason, now| papers.explain(&root, &[papers.list(old, Some(reason))], now);
    let lost = Reason::Revoked(revoked_at(), RevocationReason::KeyCompromise);
    assert_eq!(listed(x509::RevocationReason::KeyCompromise, NOW), [lost]);
    let end = Certificate::parse(&papers.holder.der).unwrap().not_after();
    let ended = listed(x509::RevocationReason::KeyCompromise, end.plus_us(HOUR_US));
    assert_eq!(ended, [lost, Reason::Expired(end)]);
    // A hold may have been released since, and what came later was not so yet.
    let until = Reason::ListOutOfDate(old.plus_us(24 * HOUR_US));
    assert_eq!(listed(x509::RevocationReason::CertificateHold, NOW), [until]);
    let before = revoked_at().plus_us(-HOUR_US);
    assert_eq!(listed(x509::RevocationReason::KeyCompromise, before), [until]);
}

#[test]
fn a_list_of_others_tells_nothing() {
    let papers = Papers::new();
    let root = [papers.root.der.clone()];
    let fresh = NOW.plus_us(-HOUR_US);
    let other = papers.house.list((KIND, Form::Responder), fresh, None);
    assert_eq!(papers.explain(&root, &[other], NOW), [Reason::StatusUnknown]);
    let other = papers.house.list((CertificateKind::Authentication, Form::Holder), fresh, None);
    assert_eq!(papers.explain(&root, &[other], NOW), [Reason::StatusUnknown]);
    let mut forged = papers.list(fresh, None);
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(papers.explain(&root, &[forged], NOW), [Reason::StatusUnknown]);
}

#[test]
fn without_authorities_the_issuer_is_not_judged_and_others_are_not_ours() {
    let papers = Papers::new();
    let alone = papers.explain(&[], &[], NOW);
    assert_eq!(alone, [Reason::IssuerNotChecked, Reason::StatusUnknown]);
    let [other, ..] = papers.house.all(CertificateKind::Authentication);
    assert_eq!(papers.explain(&[other.der], &[], NOW), [Reason::IssuerNotTrusted]);
    let [next, ..] = House::new(KeyAlgorithm::P384).all(KIND);
    assert_eq!(papers.explain(&[next.der], &[], NOW), [Reason::IssuerNotTrusted], "a generation");
    let mut spoiled = papers.holder.der.clone();
    *spoiled.last_mut().unwrap() ^= 1;
    let anchors = [papers.root.der.clone()];
    let files = Files { certificate: &spoiled, anchors: &anchors, lists: &[] };
    assert_eq!(explain_files(&files, None, NOW), [Reason::SignatureWrong]);
    let files = Files { certificate: b"none", anchors: &anchors, lists: &[] };
    assert_eq!(explain_files(&files, None, NOW), [Reason::Malformed]);
}

#[test]
fn time_and_purpose_are_told_of_each_form() {
    let papers = Papers::new();
    let root = [papers.root.der.clone()];
    let end = Certificate::parse(&papers.holder.der).unwrap().not_after();
    let late = papers.explain(&root, &[], end.plus_us(HOUR_US));
    assert_eq!(late, [Reason::Expired(end)]);
    let early = papers.explain(&[], &[], Moment::from_us(0));
    assert!(matches!(early[..], [Reason::NotYetValid(_), Reason::IssuerNotChecked]), "{early:?}");
    for kind in CertificateKind::ALL {
        let [root, holder, responder, stamper] = papers.house.all(kind);
        let anchors = [root.der.clone()];
        for other in CertificateKind::ALL {
            let files = Files { certificate: &holder.der, anchors: &anchors, lists: &[] };
            let told = explain_files(&files, Some(other), NOW);
            assert_eq!(told.contains(&Reason::OtherPurpose(other)), other != kind);
        }
        for none in [root, responder, stamper] {
            let files = Files { certificate: &none.der, anchors: &anchors, lists: &[] };
            assert!(explain_files(&files, None, NOW).contains(&Reason::NoPurpose), "{}", none.word);
        }
    }
}

/// Whatever bytes come, there is an answer.
#[test]
fn spoiled_bytes_are_explained_too() {
    let papers = Papers::new();
    let anchors = [papers.root.der.clone()];
    for at in 0..papers.holder.der.len() {
        let mut spoiled = papers.holder.der.clone();
        spoiled[at] ^= 0x40;
        let files = Files { certificate: &spoiled, anchors: &anchors, lists: &[] };
        let told = explain_files(&files, None, NOW);
        assert!(told.iter().all(|reason| *reason != Reason::StatusUnknown), "byte {at}");
    }
}
