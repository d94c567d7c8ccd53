//! The one form of a statement, and everything that a consent can lack.

use super::*;
use crate::certificate::State;
use crate::content::CertificateKind;
use crate::trigger::RevocationReason;
use crate::verifier::VerifierKind;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use proptest::prelude::*;
use x509::KeyAlgorithm;

const NOW: Moment = Moment::from_us(1_775_012_400_000_000);

fn filing() -> Filing {
    let approval = Some("認定第１号".parse().unwrap());
    let purpose = "口座開設時の本人確認".parse().unwrap();
    Filing::new(VerifierKind::ApprovedFirm, purpose, approval, vec![]).unwrap()
}

fn statement() -> Statement {
    Statement {
        verifier: "bank-1".into(),
        provider: None,
        purpose: filing().purpose().clone(),
        issuer: [0xa1; 20],
        serial: 7,
        at: NOW,
        nonce: Nonce::new(&[7; 16]),
    }
}

fn certificate(state: State) -> Certificate {
    Certificate {
        kind: CertificateKind::Authentication,
        serial: 7,
        not_before: NOW.plus_us(-SECOND_US),
        not_after: NOW.plus_us(3_600 * SECOND_US),
        state,
        since: NOW.plus_us(-SECOND_US),
    }
}

/// A key, and what it signs.
fn key() -> (PublicKey, impl Fn(&str) -> Vec<u8>) {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    let public = pair.public_key().as_ref().to_vec();
    let public = PublicKey::new(KeyAlgorithm::Ed25519, public).unwrap();
    (public, move |text: &str| pair.sign(text.as_bytes()).as_ref().to_vec())
}

#[test]
fn the_form_is_this_one() {
    let text = "sekisho.consent.v1\ntell: name address birth_date sex\nverifier: bank-1\n\
                purpose: 口座開設時の本人確認\nissuer: a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\n\
                serial: 7\ntime: 2026-04-01T03:00:00Z\nnonce: 07070707070707070707070707070707\n";
    assert_eq!(statement().to_string(), text);
    assert_eq!(text.parse(), Ok(statement()));
    for (from, to) in [
        ("v1", "v2"),
        ("sex", "sex number"),
        ("serial: 7", "serial: 07"),
        ("serial: 7", "serial: +7"),
        ("serial: 7", "serial: -7"),
        ("03:00:00Z", "03:00:00.5Z"),
        ("03:00:00Z", "12:00:00+09:00"),
        ("issuer: a1", "issuer: A1"),
        ("issuer: a1", "issuer: "),
        ("nonce: 0707", "nonce: 07"),
        ("nonce: 0707", "nonce: 070"),
        ("verifier: bank-1\n", ""),
        ("verifier: bank-1\n", "verifier: bank-1\nverifier: bank-2\n"),
        ("\n", "\r\n"),
        ("time", "Time"),
    ] {
        let other = text.replace(from, to);
        assert_eq!(other.parse::<Statement>(), Err(ConsentRefusal::Malformed), "{from} {to}");
    }
    for other in [text.trim_end().to_owned(), format!("{text}\n"), format!(" {text}")] {
        assert_eq!(other.parse::<Statement>(), Err(ConsentRefusal::Malformed));
    }
}

#[test]
fn a_statement_is_for_one_verifier_one_purpose_and_ten_minutes() {
    let filing = filing();
    let check = |spoil: &dyn Fn(&mut Statement)| {
        let mut statement = statement();
        spoil(&mut statement);
        check_statement(&statement, ("bank-1", &filing), NOW)
    };
    let back = |s: i64| move |statement: &mut Statement| statement.at = NOW.plus_us(-s * SECOND_US);
    assert_eq!(check(&|_| {}), Ok(()));
    assert_eq!(check(&back(FRESH_S)), Ok(()));
    assert_eq!(check(&back(FRESH_S + 1)), Err(ConsentRefusal::Stale));
    assert_eq!(check(&back(-1)), Err(ConsentRefusal::Early));
    let other = check(&|statement| statement.verifier = "bank-2".into());
    assert_eq!(other, Err(ConsentRefusal::OtherVerifier));
    let other = check(&|statement| statement.provider = Some("shop".into()));
    assert_eq!(other, Err(ConsentRefusal::OtherVerifier));
    let other = check(&|statement| statement.purpose = "広告".parse().unwrap());
    assert_eq!(other, Err(ConsentRefusal::OtherPurpose));
}

#[test]
fn only_the_key_of_a_certificate_in_force_consents_and_once() {
    let (statement, (public, sign)) = (statement(), key());
    let signature = sign(&statement.to_string());
    let check = |state, at, signature: &[u8], used| {
        let certificate = certificate(state);
        let consent = Consent {
            statement: &statement,
            signature,
            key: &public,
            certificate: &certificate,
            used,
        };
        check_consent(&consent, at)
    };
    for state in [State::InForce, State::Released] {
        assert_eq!(check(state, NOW, &signature, false), Ok(()));
    }
    assert_eq!(check(State::InForce, NOW, &signature, true), Err(ConsentRefusal::Used));
    let revoked = State::Revoked(RevocationReason::KeyCompromise);
    for (state, refusal) in [
        (revoked, ConsentRefusal::CertificateRevoked),
        (State::Held, ConsentRefusal::CertificateHeld),
        (State::Intended, ConsentRefusal::CertificateAbsent),
        (State::Abandoned, ConsentRefusal::CertificateAbsent),
    ] {
        assert_eq!(check(state, NOW, &signature, false), Err(refusal));
    }
    for at in [3_601, -2] {
        let told = check(State::InForce, NOW.plus_us(at * SECOND_US), &signature, false);
        assert_eq!(told, Err(ConsentRefusal::CertificateExpired));
    }
    let (_, other) = key();
    let text = statement.to_string();
    for wrong in [other(&text), sign(text.trim_end()), Vec::new()] {
        let told = check(State::InForce, NOW, &wrong, false);
        assert_eq!(told, Err(ConsentRefusal::Signature));
    }
}

fn any_statement() -> impl Strategy<Value = Statement> {
    let purpose = "[ -~あ-ん]{1,40}".prop_filter_map("no text", |line| line.parse().ok());
    let names = ("[a-z0-9._-]{1,20}", prop::option::of("[a-z0-9._-]{1,20}"));
    let numbers = (any::<[u8; 20]>(), any::<u64>(), 0..4_000_000_000_i64, any::<[u8; 16]>());
    (names, purpose, numbers).prop_map(|((verifier, provider), purpose, numbers)| {
        let (issuer, serial, at, nonce) = numbers;
        let at = Moment::from_us(at * SECOND_US);
        let nonce = Nonce::new(&nonce);
        Statement { verifier, provider, purpose, issuer, serial, at, nonce }
    })
}

proptest! {
    #[test]
    fn a_statement_reads_back(statement in any_statement()) {
        prop_assert_eq!(statement.to_string().parse(), Ok(statement));
    }

    /// Two texts never mean the same: what was signed is what was used up.
    #[test]
    fn a_statement_has_one_text(
        text in "\\PC{0,80}\n?",
        statement in any_statement(),
        at in 0..200_usize,
    ) {
        let mut whole = statement.to_string();
        let at = whole.char_indices().map(|(at, _)| at).nth(at).unwrap_or(whole.len());
        whole.insert_str(at, &text);
        if let Ok(read) = whole.parse::<Statement>() {
            prop_assert_eq!(read.to_string(), whole);
        }
    }
}
