//! Every rule of the lint, broken alone; and what comes back from a signer.

use super::*;
use crate::testing::{self, Pair};
use crate::{
    COMMON_NAME, Extension, GeneralName, LOCALITY, ORGANIZATION, TbsCertificate, assemble,
};
use const_oid::db::rfc5280;
use proptest::prelude::*;
use std::sync::OnceLock;

#[test]
fn a_sound_certificate_has_no_findings() {
    let (tbs, expected) = sound();
    assert_eq!(lint(&tbs.encode(), &expected), []);
}

#[test]
fn every_rule_finds_what_breaks_it_and_nothing_else() {
    for (finding, change) in changes() {
        let (mut tbs, expected) = sound();
        change(&mut tbs);
        assert_eq!(lint(&tbs.encode(), &expected), [finding], "{finding}");
    }
}

#[test]
fn bytes_that_the_writer_never_writes_are_found() {
    let (tbs, expected) = sound();
    let encoded = tbs.encode();
    let swap = |from: &[u8], to: &[u8]| {
        let at = encoded.windows(from.len()).position(|window| window == from).unwrap();
        let mut changed = encoded.clone();
        changed[at..at + from.len()].copy_from_slice(to);
        lint(&changed, &expected)
    };
    assert_eq!(swap(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x01"), [Finding::Malformed]);
    assert_eq!(swap(b"\x02\x01\x07", b"\x02\x01\x00"), [Finding::Serial]);
    assert_eq!(swap(b"\x02\x01\x07", b"\x02\x01\xff"), [Finding::Serial]);
    assert_eq!(swap(b"\x0c\x06holder", b"\x13\x06holder"), [Finding::SubjectText]);
    assert_eq!(swap(b"\x0c\x06holder", b"\x0c\x06hol\0er"), [Finding::SubjectText]);
    let usage = swap(b"\x03\x02\x06\xc0", b"\x03\x02\x05\xc0");
    assert_eq!(usage, [Finding::KeyUsage]);
    assert_eq!(lint(&encoded[..encoded.len() - 1], &expected), [Finding::Malformed]);
    assert_eq!(lint(&[&encoded[..], &[0]].concat(), &expected), [Finding::Malformed]);
}

#[test]
fn a_time_before_2050_is_a_utc_time() {
    let (tbs, expected) = sound();
    let encoded = tbs.encode();
    let at = encoded.windows(2).position(|window| window == [0x17, 0x0d]).unwrap();
    // Two bytes more in the first time, the validity and the whole.
    let mut changed = encoded[..at].to_vec();
    changed.extend(b"\x18\x0f20");
    changed.extend(&encoded[at + 2..]);
    changed[at - 1] += 2;
    let length = u16::from_be_bytes([encoded[2], encoded[3]]) + 2;
    changed[2..4].copy_from_slice(&length.to_be_bytes());
    assert_eq!(lint(&changed, &expected), [Finding::TimeForm]);
}

#[test]
fn an_authority_is_found_where_none_is_expected() {
    let (mut tbs, mut expected) = sound();
    tbs.extensions.push(Extension::authority(None));
    expected.extensions.push((rfc5280::ID_CE_BASIC_CONSTRAINTS, true));
    assert_eq!(lint(&tbs.encode(), &expected), [Finding::Authority]);
    tbs.extensions.pop();
    tbs.extensions.push(Extension::no_authority());
    assert_eq!(lint(&tbs.encode(), &expected), []);
}

#[test]
fn a_root_has_one_name_more_and_no_bound() {
    let (mut tbs, mut expected) = sound();
    let both = KeyUsage::KEY_CERT_SIGN.and(KeyUsage::CRL_SIGN);
    let named = |name: Name| Extension::subject_alt_name(&[GeneralName::Directory(name)]);
    tbs.extensions[0] = Extension::key_usage(both);
    tbs.extensions[2] = named(japanese());
    tbs.extensions.push(Extension::authority(None));
    expected.key_usage = both;
    (expected.texts, expected.flags) = (vec![], vec![]);
    expected.subject_alternative = Some(japanese());
    expected.extensions.push((rfc5280::ID_CE_BASIC_CONSTRAINTS, true));
    assert_eq!(lint(&tbs.encode(), &expected), []);
    tbs.extensions[9] = Extension::authority(Some(0));
    assert_eq!(lint(&tbs.encode(), &expected), [Finding::Authority]);
    tbs.extensions[9] = Extension::authority(None);
    for other in [named(issuer_name()), texts(&[(NAME, "氏名"), (FLAGS, "01")])] {
        tbs.extensions[2] = other;
        assert_eq!(lint(&tbs.encode(), &expected), [Finding::Texts]);
    }
}

#[test]
fn signed_bytes_are_the_intention_under_the_issuers_key() {
    let (tbs, expected) = sound();
    let intention = tbs.encode();
    let issuer = issuer();
    let signed = |pair: &Pair, tbs: &[u8]| assemble(tbs, KeyAlgorithm::P256, &pair.sign(tbs));
    let good = signed(issuer, &intention);
    assert_eq!(same_tbs(&good, &intention, issuer.public()).unwrap().tbs(), intention);
    assert_eq!(lint_signed(&good, &expected, issuer.public()), []);
    let mut other = tbs;
    other.serial = Serial::try_from(8).unwrap();
    let fault = |der: &[u8]| same_tbs(der, &intention, issuer.public()).map(|_| ()).unwrap_err();
    assert_eq!(fault(&signed(issuer, &other.encode())), SigningFault::OtherBytes);
    let throwaway = testing::p256();
    let thrown = signed(&throwaway, &intention);
    assert_eq!(fault(&thrown), SigningFault::Signature);
    assert_eq!(lint_signed(&thrown, &expected, issuer.public()), [Finding::Signature]);
    assert_eq!(lint_signed(&thrown, &expected, throwaway.public()), []);
    assert_eq!(fault(&good[..9]), SigningFault::Malformed);
    assert_eq!(lint_signed(&good[..9], &expected, issuer.public()), [Finding::Malformed]);
}

proptest! {
    #[test]
    fn changed_bytes_are_judged_without_a_panic(
        at in any::<prop::sample::Index>(),
        change in 1..=255_u8,
    ) {
        let (tbs, expected) = sound();
        let mut encoded = tbs.encode();
        *at.get_mut(&mut encoded) ^= change;
        lint(&encoded, &expected);
    }
}

type Change = fn(&mut TbsCertificate);

fn changes() -> Vec<(Finding, Change)> {
    vec![
        (Finding::Algorithm, |tbs| tbs.algorithm = KeyAlgorithm::P384),
        (Finding::Issuer, |tbs| tbs.issuer = Name::new([(COMMON_NAME, "other")]).unwrap()),
        (Finding::Validity, |tbs| tbs.not_before = at(FROM - 1)),
        (Finding::Validity, |tbs| tbs.not_after = at(TO + 1)),
        (Finding::Validity, |tbs| {
            (tbs.not_before, tbs.not_after) = (at(TO), at(FROM));
        }),
        (Finding::Subject, |tbs| tbs.subject = name(&[(COUNTRY, "JP"), (COMMON_NAME, "holder")])),
        (Finding::Subject, |tbs| {
            tbs.subject = name(&[(LOCALITY, "Tokyo-to"), (COUNTRY, "JP"), (COMMON_NAME, "holder")]);
        }),
        (Finding::SubjectText, |tbs| tbs.subject = subject(&"x".repeat(65))),
        (Finding::SubjectText, |tbs| tbs.subject = subject("line\nbreak")),
        (Finding::Key, |tbs| of_key(tbs, testing::ed25519().public().clone())),
        (Finding::KeyOfIssuer, |tbs| of_key(tbs, issuer().public().clone())),
        (Finding::KeyWeak, |tbs| of_key(tbs, weak_key())),
        (Finding::ExtensionOrder, |tbs| tbs.extensions.swap(0, 1)),
        (Finding::ExtensionOrder, |tbs| tbs.extensions[0].critical = false),
        (Finding::ExtensionOrder, |tbs| tbs.extensions.push(Extension::ocsp_no_check())),
        (Finding::KeyUsage, |tbs| {
            tbs.extensions[0] = Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE);
        }),
        (Finding::ExtendedKeyUsage, |tbs| {
            tbs.extensions[1] = Extension::extended_key_usage(false, &[rfc5280::ID_KP_SERVER_AUTH]);
        }),
        (Finding::ExtendedKeyUsage, |tbs| tbs.extensions[1].value = vec![0x30, 0]),
        (Finding::Texts, |tbs| tbs.extensions[2] = texts(&[(NAME, "氏名")])),
        (Finding::Texts, |tbs| tbs.extensions[2] = texts(&[(NAME, "氏\n"), (FLAGS, "00")])),
        (Finding::Flags, |tbs| tbs.extensions[2] = texts(&[(NAME, "氏名"), (FLAGS, "0")])),
        (Finding::Flags, |tbs| tbs.extensions[2] = texts(&[(NAME, "氏名"), (FLAGS, "02")])),
        (Finding::Policy, |tbs| {
            tbs.extensions[3] = Extension::certificate_policies(true, NAME, Some(STATEMENT));
        }),
        (Finding::Address, |tbs| {
            tbs.extensions[3] = Extension::certificate_policies(true, POLICY, Some("http://x"));
        }),
        (Finding::Address, |tbs| {
            tbs.extensions[3] = Extension::certificate_policies(true, POLICY, None);
        }),
        (Finding::Address, |tbs| tbs.extensions[4] = list_at("http://x")),
        // The right address under the name of another municipality's list, or none of the two.
        (Finding::Address, |tbs| {
            let names = [GeneralName::Directory(issuer_name()), list_names(LIST)[1].clone()];
            tbs.extensions[4] = points(&names);
        }),
        (Finding::Address, |tbs| tbs.extensions[4] = points(&list_names(LIST)[..1])),
        (Finding::Address, |tbs| tbs.extensions[4] = points(&list_names(LIST)[1..])),
        // Addresses of the issuer, each in the other's place.
        (Finding::Address, |tbs| tbs.extensions[4] = list_at(RESPONDER)),
        (Finding::Address, |tbs| tbs.extensions[5] = Extension::ocsp_responder(LIST)),
        (Finding::Address, |tbs| tbs.extensions[5] = Extension::ocsp_responder("http://x")),
        (Finding::AuthorityKey, |tbs| tbs.extensions[6] = issuer_key(&[7; 20], 1)),
        (Finding::AuthorityKey, |tbs| {
            tbs.extensions[6] = issuer_key(&issuer().public().key_identifier(), 2);
        }),
        (Finding::AuthorityKey, |tbs| {
            tbs.extensions[6] = Extension::authority_key(&issuer().public().key_identifier());
        }),
        (Finding::Issuer, |tbs| tbs.extensions[8] = alternative(&issuer_name())),
        (Finding::Issuer, |tbs| tbs.extensions[8].value.push(0)),
        (Finding::SubjectKey, |tbs| tbs.extensions[7] = Extension::subject_key(&[7; 20])),
    ]
}

fn sound() -> (TbsCertificate, Expected) {
    let key = holder().public();
    let usage = KeyUsage::DIGITAL_SIGNATURE.and(KeyUsage::NON_REPUDIATION);
    let issuer_name = issuer_name();
    let tbs = TbsCertificate {
        serial: Serial::try_from(7).unwrap(),
        algorithm: KeyAlgorithm::P256,
        issuer: issuer_name.clone(),
        not_before: at(FROM),
        not_after: at(TO),
        subject: subject("holder"),
        public_key: key.clone(),
        extensions: vec![
            Extension::key_usage(usage),
            Extension::extended_key_usage(false, &[rfc5280::ID_KP_CLIENT_AUTH]),
            texts(&[(NAME, "氏名"), (FLAGS, "01")]),
            Extension::certificate_policies(true, POLICY, Some(STATEMENT)),
            list_at(LIST),
            Extension::ocsp_responder(RESPONDER),
            issuer_key(&issuer().public().key_identifier(), 1),
            Extension::subject_key(&key.key_identifier()),
            alternative(&japanese()),
        ],
    };
    let expected = Expected {
        algorithm: KeyAlgorithm::P256,
        issuer: issuer_name,
        issuer_key: issuer().public().clone(),
        self_issued: false,
        not_before_earliest: at(FROM),
        not_after_latest: at(TO),
        subject: vec![COUNTRY, LOCALITY, COMMON_NAME],
        key_algorithms: vec![KeyAlgorithm::P256, KeyAlgorithm::Rsa2048],
        extensions: tbs.extensions.iter().map(|one| (one.oid, one.critical)).collect(),
        key_usage: usage,
        extended_key_usage: vec![rfc5280::ID_KP_CLIENT_AUTH],
        policy: Some(POLICY),
        texts: vec![NAME, FLAGS],
        flags: vec![(NAME, FLAGS)],
        statement: Some(STATEMENT.to_owned()),
        subject_alternative: None,
        issuer_alternative: Some(japanese()),
        issuer_serial: Some(Serial::try_from(1).unwrap()),
        points: list_names(LIST).to_vec(),
        responder: Some(RESPONDER.to_owned()),
    };
    (tbs, expected)
}

fn issuer() -> &'static Pair {
    static ISSUER: OnceLock<Pair> = OnceLock::new();
    ISSUER.get_or_init(testing::p256)
}

fn holder() -> &'static Pair {
    static HOLDER: OnceLock<Pair> = OnceLock::new();
    HOLDER.get_or_init(testing::p256)
}

fn weak_key() -> PublicKey {
    let mut bits = testing::rsa().public().bits().to_vec();
    bits[9..265].copy_from_slice(&crate::weakness::tests::roca_modulus(0));
    PublicKey::new(KeyAlgorithm::Rsa2048, bits).unwrap()
}

fn of_key(tbs: &mut TbsCertificate, key: PublicKey) {
    // A key that is not taken has no identifier to compare with.
    let identifier = Extension::subject_key(&key.key_identifier());
    if key.algorithm() == KeyAlgorithm::Ed25519 {
        tbs.extensions[7].value.clear();
    } else {
        tbs.extensions[7] = identifier;
    }
    tbs.public_key = key;
}

fn name(attributes: &[(ObjectIdentifier, &str)]) -> Name {
    Name::new(attributes.iter().copied()).unwrap()
}

fn subject(common_name: &str) -> Name {
    name(&[(COUNTRY, "JP"), (LOCALITY, "Tokyo-to"), (COMMON_NAME, common_name)])
}

fn texts(texts: &[(ObjectIdentifier, &str)]) -> Extension {
    let names: Vec<_> =
        texts.iter().map(|(kind, text)| GeneralName::Text(*kind, (*text).to_owned())).collect();
    Extension::subject_alt_name(&names)
}

fn issuer_name() -> Name {
    name(&[(COUNTRY, "JP"), (ORGANIZATION, "Test")])
}

fn japanese() -> Name {
    name(&[(COUNTRY, "JP"), (ORGANIZATION, "試験")])
}

fn issuer_key(key: &[u8], serial: u64) -> Extension {
    let serial = Serial::try_from(serial).unwrap();
    Extension::authority_key_and_certificate(key, &issuer_name(), serial)
}

fn alternative(name: &Name) -> Extension {
    Extension::issuer_alt_name(&[GeneralName::Directory(name.clone())])
}

fn list_names(uri: &str) -> [GeneralName; 2] {
    let directory = GeneralName::Directory(name(&[(COMMON_NAME, "CRLDP")]));
    [directory, GeneralName::Uri(uri.to_owned())]
}

fn points(names: &[GeneralName]) -> Extension {
    Extension::crl_distribution_points(names)
}

fn list_at(uri: &str) -> Extension {
    points(&list_names(uri))
}

const fn at(second: i64) -> Moment {
    Moment::from_us(second * 1_000_000)
}

const FROM: i64 = 1_700_000_000;
const TO: i64 = 1_800_000_000;
const NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.3.1");
const FLAGS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.3.2");
const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.3.3");
const STATEMENT: &str = "http://cps.example/";
const LIST: &str = "http://crl.example/1.crl";
const RESPONDER: &str = "http://ocsp.example";
