//! Every reason, the order in which several are told, and the words.

use super::*;
use std::collections::BTreeSet;

fn moment(text: &str) -> Moment {
    Moment::from_us(text.parse::<Timestamp>().unwrap().as_microsecond())
}

fn certificate(state: State) -> Certificate {
    Certificate {
        kind: CertificateKind::Signature,
        serial: 7,
        not_before: moment("2025-10-27T03:00:00Z"),
        not_after: moment("2030-02-17T14:59:59Z"),
        state,
        since: moment("2026-06-01T03:04:05Z"),
    }
}

fn facts(known: &Certificate) -> Facts<'_> {
    let (not_before, not_after) = (known.not_before, known.not_after);
    Facts {
        fields: Some(Fields { kind: Some(known.kind), not_before, not_after }),
        issuer: Issuer::Good,
        record: Record::Known(known),
        purpose: None,
        now: moment("2026-07-01T00:00:00Z"),
    }
}

fn labels(facts: &Facts<'_>) -> Vec<&'static str> {
    explain(facts).into_iter().map(Reason::label).collect()
}

#[test]
fn nothing_stands_against_a_valid_certificate() {
    for state in [State::InForce, State::Released] {
        let known = certificate(state);
        let valid = Facts { purpose: Some(CertificateKind::Signature), ..facts(&known) };
        assert_eq!(explain(&valid), []);
        assert_eq!(explain(&Facts { now: known.not_after.plus_us(999_999), ..valid }), []);
        assert_eq!(explain(&Facts { now: known.not_before, ..valid }), []);
    }
}

#[test]
fn what_is_not_ours_is_told_alone() {
    let known = certificate(State::Revoked(RevocationReason::KeyCompromise));
    let base = facts(&known);
    assert_eq!(labels(&Facts { fields: None, ..base }), ["malformed"]);
    assert_eq!(labels(&Facts { issuer: Issuer::Unknown, ..base }), ["issuer_unknown"]);
    assert_eq!(labels(&Facts { issuer: Issuer::NotTrusted, ..base }), ["issuer_not_trusted"]);
    assert_eq!(labels(&Facts { issuer: Issuer::SignatureWrong, ..base }), ["signature_wrong"]);
}

#[test]
fn each_state_has_its_reason() {
    for (state, label) in [
        (State::Intended, "never_in_force"),
        (State::Abandoned, "never_in_force"),
        (State::Held, "held"),
        (State::Revoked(RevocationReason::Superseded), "revoked"),
    ] {
        assert_eq!(labels(&facts(&certificate(state))), [label]);
    }
    let known = certificate(State::InForce);
    for (record, label) in [
        (Record::NotAsked, "status_unknown"),
        (Record::ListOutOfDate(known.not_before), "list_out_of_date"),
        (Record::NoSerial, "never_issued"),
        (Record::OtherBytes, "other_bytes"),
    ] {
        assert_eq!(labels(&Facts { record, ..facts(&known) }), [label]);
    }
}

#[test]
fn times_and_purposes_have_their_reasons() {
    let known = certificate(State::InForce);
    let base = facts(&known);
    let after = known.not_after.plus_us(1_000_000);
    assert_eq!(labels(&Facts { now: after, ..base }), ["expired"]);
    let before = known.not_before.plus_us(-1);
    assert_eq!(labels(&Facts { now: before, ..base }), ["not_yet_valid"]);
    let purpose = Some(CertificateKind::Authentication);
    assert_eq!(labels(&Facts { purpose, ..base }), ["other_purpose"]);
    let fields = base.fields.map(|fields| Fields { kind: None, ..fields });
    assert_eq!(labels(&Facts { fields, ..base }), ["no_purpose"]);
}

#[test]
fn several_reasons_are_told_gravest_first() {
    let known = certificate(State::Revoked(RevocationReason::AffiliationChanged));
    let all = Facts {
        issuer: Issuer::Revoked(known.since),
        purpose: Some(CertificateKind::Authentication),
        now: moment("2031-01-01T00:00:00Z"),
        ..facts(&known)
    };
    assert_eq!(labels(&all), ["issuer_revoked", "revoked", "expired", "other_purpose"]);
    let alone = Facts { issuer: Issuer::NotAsked, record: Record::NotAsked, ..facts(&known) };
    assert_eq!(labels(&alone), ["issuer_not_checked", "status_unknown"]);
    let expired = Facts { issuer: Issuer::Expired(known.since), ..all };
    assert_eq!(labels(&expired)[0], "issuer_expired");
}

#[test]
fn what_was_not_at_hand_is_no_verdict() {
    let known = certificate(State::InForce);
    let base = facts(&known);
    let verdict = |facts: &Facts<'_>| Verdict::of(&explain(facts)).word();
    assert_eq!(verdict(&base), "valid");
    let alone = Facts { issuer: Issuer::NotAsked, record: Record::NotAsked, ..base };
    assert_eq!(verdict(&alone), "unknown");
    let late = Facts { record: Record::ListOutOfDate(known.not_before), ..base };
    assert_eq!(verdict(&late), "unknown");
    // What ended needs no list, and what is certain is told before what is not.
    let ended = Facts { now: moment("2031-01-01T00:00:00Z"), ..alone };
    assert_eq!(labels(&ended), ["expired", "issuer_not_checked"]);
    assert_eq!(verdict(&ended), "not_valid");
    let sentences = |verdict: Verdict| (verdict.english(base.now), verdict.japanese(base.now));
    let (english, japanese) = sentences(Verdict::Unknown);
    assert!(english.contains("2026-07-01 09:00:00 JST"), "{english}");
    assert!(japanese.contains("2026年7月1日9時00分00秒"), "{japanese}");
    assert_ne!(sentences(Verdict::Valid), sentences(Verdict::NotValid));
}

#[test]
fn the_words_tell_japanese_time_and_reason() {
    let known = certificate(State::Revoked(RevocationReason::AffiliationChanged));
    let reason = explain(&facts(&known))[0];
    assert_eq!(
        reason.english(),
        "It was revoked on 2026-06-01 12:04:05 JST: what is registered about the holder \
         changed, as by a move."
    );
    let japanese = "2026年6月1日12時04分05秒に失効しました（転居など登録事項の異動）。";
    assert_eq!(reason.japanese(), japanese);
}

#[test]
fn every_reason_has_its_own_words() {
    let at = moment("2026-06-01T03:04:05Z");
    let mut all = vec![
        Reason::Malformed,
        Reason::IssuerNotChecked,
        Reason::IssuerNotTrusted,
        Reason::IssuerUnknown,
        Reason::SignatureWrong,
        Reason::IssuerRevoked(at),
        Reason::IssuerExpired(at),
        Reason::NeverIssued,
        Reason::NeverInForce,
        Reason::OtherBytes,
        Reason::Held(at),
        Reason::Expired(at),
        Reason::NotYetValid(at),
        Reason::NoPurpose,
        Reason::StatusUnknown,
        Reason::ListOutOfDate(at),
    ];
    all.extend(CertificateKind::ALL.map(Reason::OtherPurpose));
    all.extend(RevocationReason::ALL.map(|reason| Reason::Revoked(at, reason)));
    let english: BTreeSet<_> = all.iter().map(|reason| reason.english()).collect();
    let japanese: BTreeSet<_> = all.iter().map(|reason| reason.japanese()).collect();
    assert_eq!((english.len(), japanese.len()), (all.len(), all.len()));
    assert!(english.iter().all(|text| text.ends_with('.') && text.is_ascii()));
    assert!(japanese.iter().all(|text| text.ends_with('。')));
    let labels: BTreeSet<_> = all.iter().map(|reason| reason.label()).collect();
    assert_eq!(labels.len(), 18);
}
