//! OCSP: requests read, responses built, read and checked; every fault under its own label.

use crate::house::{HOUR_US, Holder, authority, now, serial};
use crate::x509::{
    CertId, CertStatus, Extension, IdHash, IssuerId, KeyAlgorithm, KeyUsage, OCSP_CERTIFICATES_MAX,
    OcspAnswer, OcspQuestion, OcspReadRefusal, OcspRequest, OcspResponse, OcspResponseData,
    OcspStatus, RevocationReason, Serial,
};
use base::Moment;
use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_OCSP_SIGNING};
use proptest::prelude::*;

pub(crate) fn issuer_id(holder: &Holder) -> IssuerId {
    IssuerId::new(&holder.name, &holder.key)
}

/// A responder with a certificate by the authority.
pub(crate) fn delegate(holder: &Holder, algorithm: KeyAlgorithm) -> Holder {
    let extensions = vec![
        Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE),
        Extension::extended_key_usage(false, &[ID_KP_OCSP_SIGNING]),
        Extension::ocsp_no_check(),
        Extension::authority_key(&holder.key.key_identifier()),
    ];
    holder.issue(algorithm, 9_000, extensions)
}

pub(crate) fn answer(certificate: CertId, status: CertStatus) -> OcspAnswer {
    let (this_update, next_update) = (now().plus_us(-HOUR_US), Some(now().plus_us(HOUR_US)));
    OcspAnswer { certificate, status, this_update, next_update }
}

pub(crate) fn response(
    responder: &Holder,
    answers: &[OcspAnswer],
    nonce: Option<&[u8]>,
    certificates: &[&[u8]],
) -> Vec<u8> {
    let responder_key = responder.key.key_identifier();
    let data = OcspResponseData { responder_key, produced_at: now(), answers, nonce }.encode();
    let signature = responder.pair.sign(&data);
    OcspResponseData::assemble(&data, responder.key.algorithm(), &signature, certificates)
}

fn question(holder: &Holder, number: u64) -> OcspQuestion<'_> {
    OcspQuestion {
        issuer: &holder.name,
        issuer_key: &holder.key,
        serial: serial(number),
        nonce: None,
        at: now(),
        skew_us: 0,
    }
}

#[test]
fn requests_read_back() {
    let issuer = issuer_id(authority(KeyAlgorithm::P256));
    let first = issuer.certificate(IdHash::Sha1, serial(5));
    let second = issuer.certificate(IdHash::Sha256, serial(u64::MAX));
    for nonce in [None, Some(&[7; 1][..]), Some(&[7; 32]), Some(&[7; 128])] {
        let request = OcspRequest { certificates: vec![first, second], nonce, signed: false };
        assert_eq!(OcspRequest::parse(&request.encode()), Ok(request));
    }
    assert!(issuer.issued(&first) && issuer.issued(&second));
    assert!(!issuer_id(authority(KeyAlgorithm::P384)).issued(&first));
    assert_eq!(first.issuer_key(), authority(KeyAlgorithm::P256).key.key_identifier());
    assert_eq!((first.issuer_name().len(), second.issuer_name().len()), (20, 32));
}

#[test]
fn every_fault_of_a_request_has_its_label() {
    let issuer = issuer_id(authority(KeyAlgorithm::P256));
    let sound = OcspRequest {
        certificates: vec![issuer.certificate(IdHash::Sha1, serial(0x1234))],
        nonce: Some(&[7; 16]),
        signed: false,
    };
    let told = |bytes: &[u8]| {
        let refusal = OcspRequest::parse(bytes).unwrap_err();
        (refusal.label(), refusal.status())
    };
    let malformed = |label| (label, OcspStatus::MalformedRequest);
    let none = OcspRequest { certificates: vec![], ..sound.clone() };
    assert_eq!(told(&none.encode()), malformed("ocsp_request_count"));
    let many = vec![sound.certificates[0]; OCSP_CERTIFICATES_MAX + 1];
    let many = OcspRequest { certificates: many, ..sound.clone() };
    assert_eq!(told(&many.encode()), malformed("ocsp_request_count"));
    for nonce in [&[][..], &[7; 129]] {
        let request = OcspRequest { nonce: Some(nonce), ..sound.clone() };
        assert_eq!(told(&request.encode()), malformed("ocsp_request_nonce"));
    }
    assert_eq!(told(&[0; 16 * 1024 + 1]), malformed("ocsp_request_too_long"));
    let bytes = sound.encode();
    let changed = |from: &[u8], to: &[u8]| {
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
        [&bytes[..at], to, &bytes[at + from.len()..]].concat()
    };
    let sha1 = [0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a];
    let md5_like = [0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1b];
    let refused = told(&changed(&sha1, &md5_like));
    assert_eq!(refused, ("ocsp_request_hash", OcspStatus::Unauthorized));
    let negative = changed(&[0x02, 0x02, 0x12, 0x34], &[0x02, 0x02, 0x82, 0x34]);
    assert_eq!(told(&negative), malformed("ocsp_request_serial"));
    let padded = changed(&[0x02, 0x02, 0x12, 0x34], &[0x02, 0x02, 0x00, 0x34]);
    assert_eq!(told(&padded), malformed("ocsp_request_malformed"));
    for end in 0..bytes.len() {
        assert_eq!(told(&bytes[..end]), malformed("ocsp_request_malformed"));
    }
    assert_eq!(told(&[&bytes[..], &[0]].concat()), malformed("ocsp_request_malformed"));
    // Indefinite length.
    let loose = [&[0x30, 0x80][..], &bytes[2..], &[0, 0]].concat();
    assert_eq!(told(&loose), malformed("ocsp_request_malformed"));
}

#[test]
fn a_version_and_unknown_extensions_are_told() {
    // Minimal requests by hand: tbsRequest with one CertID.
    let id = OcspRequest {
        certificates: vec![
            issuer_id(authority(KeyAlgorithm::P256)).certificate(IdHash::Sha1, serial(1)),
        ],
        nonce: None,
        signed: false,
    }
    .encode();
    let list = &id[4..];
    let request = |before: &[u8], after: &[u8]| {
        let tbs = [before, list, after].concat();
        let length = u8::try_from(tbs.len()).unwrap();
        let inner = [&[0x30, length][..], &tbs].concat();
        [&[0x30, length + 2][..], &inner].concat()
    };
    let told = |bytes: &[u8]| match OcspRequest::parse(bytes) {
        Ok(_) => "taken",
        Err(refusal) => refusal.label(),
    };
    assert_eq!(told(&request(&[], &[])), "taken");
    let default = request(&[0xa0, 3, 2, 1, 0], &[]);
    assert_eq!(told(&default), "ocsp_request_malformed");
    assert_eq!(told(&request(&[0xa0, 3, 2, 1, 1], &[])), "ocsp_request_version");
    let name = request(&[0xa1, 4, 0x86, 2, b'a', b':'], &[]);
    assert_eq!(told(&name), "taken");
    let unknown = |critical: &[u8]| {
        let length = u8::try_from(critical.len()).unwrap();
        let extension = [&[0x30, 6 + length, 6, 2, 0x2a, 3][..], critical, &[4, 0]].concat();
        let extensions = [&[0xa2, 10 + length, 0x30, 8 + length][..], &extension].concat();
        request(&[], &extensions)
    };
    assert_eq!(told(&unknown(&[])), "taken");
    let critical = told(&unknown(&[1, 1, 0xff]));
    assert_eq!(critical, "ocsp_request_critical_extension");
}

#[test]
fn answers_of_issuers_and_delegates_are_checked() {
    for algorithm in KeyAlgorithm::ALL {
        let holder = authority(algorithm);
        let delegate = delegate(holder, KeyAlgorithm::P256);
        let at = now().plus_us(-5 * HOUR_US);
        let reason = Some(RevocationReason::CessationOfOperation);
        for status in [CertStatus::Good, CertStatus::Unknown, CertStatus::Revoked { at, reason }] {
            for hash in IdHash::ALL {
                let answer = answer(issuer_id(holder).certificate(hash, serial(5)), status);
                let own = response(holder, &[answer], None, &[]);
                let read = OcspResponse::parse(&own).unwrap();
                let checked = read.check(&question(holder, 5)).unwrap();
                assert_eq!((checked.answer, checked.delegate), (answer, None));
                let by_delegate = response(&delegate, &[answer], None, &[&delegate.certificate]);
                let read = OcspResponse::parse(&by_delegate).unwrap();
                let checked = read.check(&question(holder, 5)).unwrap();
                assert_eq!(checked.delegate, Some(&delegate.certificate[..]));
                assert_eq!(checked.answer, answer);
            }
        }
    }
}

#[test]
fn who_may_not_answer_is_not_heard() {
    let holder = authority(KeyAlgorithm::P256);
    let good = answer(issuer_id(holder).certificate(IdHash::Sha1, serial(5)), CertStatus::Good);
    let refused = |responder: &Holder, certificates: &[&[u8]]| {
        let bytes = response(responder, &[good], None, certificates);
        OcspResponse::parse(&bytes).unwrap().check(&question(holder, 5)).unwrap_err()
    };
    let plain = holder.issue(KeyAlgorithm::P256, 9_001, vec![]);
    assert_eq!(refused(&plain, &[&plain.certificate]), OcspReadRefusal::Responder);
    let client = vec![Extension::extended_key_usage(false, &[ID_KP_CLIENT_AUTH])];
    let client = holder.issue(KeyAlgorithm::P256, 9_002, client);
    assert_eq!(refused(&client, &[&client.certificate]), OcspReadRefusal::Responder);
    // The right purpose by another authority of the same name.
    let stranger = delegate(authority(KeyAlgorithm::P384), KeyAlgorithm::P256);
    assert_eq!(refused(&stranger, &[&stranger.certificate]), OcspReadRefusal::Responder);
    let own = delegate(holder, KeyAlgorithm::P256);
    assert_eq!(refused(&own, &[]), OcspReadRefusal::Responder);
    let cannot_sign = vec![
        Extension::key_usage(KeyUsage::KEY_AGREEMENT),
        Extension::extended_key_usage(false, &[ID_KP_OCSP_SIGNING]),
    ];
    let cannot_sign = holder.issue(KeyAlgorithm::P256, 9_003, cannot_sign);
    assert_eq!(refused(&cannot_sign, &[&cannot_sign.certificate]), OcspReadRefusal::Responder);
    let bytes = response(&own, &[good], None, &[&own.certificate]);
    let late = OcspQuestion { at: now().plus_us(72 * HOUR_US), ..question(holder, 5) };
    let read = OcspResponse::parse(&bytes).unwrap();
    assert_eq!(read.check(&late).unwrap_err(), OcspReadRefusal::ResponderExpired);
}

#[test]
fn an_answer_is_about_the_certificate_the_nonce_and_the_time() {
    let holder = authority(KeyAlgorithm::P256);
    let good = answer(issuer_id(holder).certificate(IdHash::Sha1, serial(5)), CertStatus::Good);
    let bytes = response(holder, &[good], Some(&[1, 2, 3]), &[]);
    let read = OcspResponse::parse(&bytes).unwrap();
    let sound = OcspQuestion { nonce: Some(&[1, 2, 3]), ..question(holder, 5) };
    assert!(read.check(&sound).is_ok());
    let other = |question: OcspQuestion<'_>| read.check(&question).unwrap_err();
    assert_eq!(other(question(holder, 6)), OcspReadRefusal::NotAnswered);
    let nonce = other(OcspQuestion { nonce: Some(&[1, 2, 4]), ..sound });
    assert_eq!(nonce, OcspReadRefusal::Nonce);
    let late = OcspQuestion { at: now().plus_us(3 * HOUR_US / 2), ..sound };
    assert_eq!(other(late), OcspReadRefusal::Stale);
    assert!(read.check(&OcspQuestion { skew_us: HOUR_US, ..late }).is_ok());
    let early = OcspQuestion { at: now().plus_us(-3 * HOUR_US / 2), ..sound };
    assert_eq!(other(early), OcspReadRefusal::Early);
    let mut tampered = bytes.clone();
    *tampered.last_mut().unwrap() ^= 1;
    let read = OcspResponse::parse(&tampered).unwrap();
    assert_eq!(read.check(&sound).unwrap_err(), OcspReadRefusal::Signature);
    let once = OcspAnswer { next_update: None, ..good };
    let bytes = response(holder, &[once], None, &[]);
    let read = OcspResponse::parse(&bytes).unwrap();
    assert_eq!(read.check(&question(holder, 5)).unwrap_err(), OcspReadRefusal::Stale);
}

#[test]
fn refusals_are_five_bytes_that_nobody_signs() {
    for status in OcspStatus::ALL.into_iter().skip(1) {
        let told = OcspResponse::parse(&status.response()).unwrap_err();
        assert_eq!(told, OcspReadRefusal::Status(status));
        assert!(told.to_string().contains(status.word()));
    }
    let empty = OcspResponse::parse(&OcspStatus::Successful.response()).unwrap_err();
    assert_eq!(empty.label(), "ocsp_response_malformed");
    let unused = OcspResponse::parse(&[0x30, 3, 0x0a, 1, 4]).unwrap_err();
    assert_eq!(unused.label(), "ocsp_response_malformed");
}

fn certificates() -> impl Strategy<Value = Vec<CertId>> {
    let one = (prop::collection::vec(any::<u8>(), 1..20), any::<bool>());
    prop::collection::vec(one, 1..8).prop_filter_map("serials", |drawn| {
        let issuer = issuer_id(authority(KeyAlgorithm::P256));
        let ids = drawn.iter().map(|(bytes, sha1)| {
            let hash = if *sha1 { IdHash::Sha1 } else { IdHash::Sha256 };
            Serial::from_bytes(bytes).ok().map(|serial| issuer.certificate(hash, serial))
        });
        ids.collect()
    })
}

proptest! {
    #[test]
    fn drawn_requests_read_back(
        certificates in certificates(),
        nonce in prop::option::of(prop::collection::vec(any::<u8>(), 1..=128)),
    ) {
        let request = OcspRequest { certificates, nonce: nonce.as_deref(), signed: false };
        let bytes = request.encode();
        prop_assert_eq!(OcspRequest::parse(&bytes), Ok(request));
    }

    #[test]
    fn drawn_responses_read_back(
        certificates in certificates(),
        seconds in 0_i64..253_402_300_800,
        kind in 0_usize..13,
    ) {
        let at = Moment::from_us(seconds * 1_000_000);
        let status = match kind {
            0 => CertStatus::Good,
            1 => CertStatus::Unknown,
            2 => CertStatus::Revoked { at, reason: None },
            _ => CertStatus::Revoked { at, reason: RevocationReason::ALL.get(kind - 2).copied() },
        };
        let answers: Vec<_> = certificates.into_iter().map(|id| answer(id, status)).collect();
        let data = OcspResponseData {
            responder_key: [1; 20], produced_at: at, answers: &answers, nonce: Some(&[9; 32]),
        };
        let bytes = OcspResponseData::assemble(&data.encode(), KeyAlgorithm::P256, &[0], &[]);
        let read = OcspResponse::parse(&bytes).unwrap();
        prop_assert_eq!(read.answers(), &answers[..]);
        prop_assert_eq!((read.produced_at(), read.nonce()), (at, Some(&[9; 32][..])));
        prop_assert_eq!(read.tbs(), data.encode());
    }
}
