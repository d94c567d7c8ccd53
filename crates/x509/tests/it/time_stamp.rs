//! Time stamps: OpenSSL asks and verifies; what does not hold is refused, here and there.

use crate::house::{Folder, HOUR_US, Holder, authority, now, serial};
use crate::x509::{
    Extension, Imprint, ImprintHash, KeyAlgorithm, KeyUsage, ObjectIdentifier, TimeStamp,
    TimeStampFailure, TimeStampInfo, TimeStampReadRefusal, TimeStampRefusal, TimeStampRequest,
    TimeStampToBeSigned,
};
use aws_lc_rs::digest;
use base::Moment;
use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_TIME_STAMPING};
use proptest::prelude::*;

const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.1");
const SIGNING: [KeyAlgorithm; 3] = [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa2048];

/// Somebody who stamps, with a certificate for it.
pub(crate) fn stamper(holder: &Holder, algorithm: KeyAlgorithm) -> Holder {
    let extensions = vec![
        Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE),
        Extension::extended_key_usage(true, &[ID_KP_TIME_STAMPING]),
        Extension::authority_key(&holder.key.key_identifier()),
    ];
    holder.issue(algorithm, 0x8001, extensions)
}

pub(crate) fn info<'a>(imprint: Imprint, nonce: Option<&'a [u8]>) -> TimeStampInfo<'a> {
    TimeStampInfo {
        policy: POLICY,
        imprint,
        serial: serial(0xfedc),
        at: now().plus_us(250_000),
        accuracy_us: Some(1_002_003),
        ordering: false,
        nonce,
        authority: None,
    }
}

pub(crate) fn imprint(hash: ImprintHash, data: &[u8]) -> Imprint {
    let algorithm = match hash {
        ImprintHash::Sha256 => &digest::SHA256,
        ImprintHash::Sha384 => &digest::SHA384,
        ImprintHash::Sha512 => &digest::SHA512,
    };
    Imprint::new(hash, digest::digest(algorithm, data).as_ref()).unwrap()
}

pub(crate) fn stamp(stamper: &Holder, info: &TimeStampInfo<'_>, with_certificate: bool) -> Vec<u8> {
    let prepared = TimeStampToBeSigned::new(info, &stamper.read()).unwrap();
    let signature = stamper.pair.sign(&prepared.message());
    let brought = [&stamper.certificate[..]];
    prepared.assemble(&signature, if with_certificate { &brought } else { &[] })
}

fn folder(holder: &Holder, stamper: &Holder) -> Folder {
    let folder = Folder::new();
    folder.put("data", b"checkpoint");
    folder.put_pem("ca.pem", "CERTIFICATE", &holder.certificate);
    folder.put_pem("tsa.pem", "CERTIFICATE", &stamper.certificate);
    folder
}

#[test]
fn openssl_asks_and_verifies() {
    for (algorithm, hash) in SIGNING.into_iter().zip(["sha256", "sha384", "sha512"]) {
        let holder = authority(algorithm);
        let stamper = stamper(holder, algorithm);
        let folder = folder(holder, &stamper);
        let ask = format!("openssl ts -query -data data -{hash} -out request.tsq");
        folder.run(&format!("{ask} -cert -tspolicy {POLICY}")).accepts("");
        let bytes = folder.get("request.tsq");
        let request = TimeStampRequest::parse(&bytes).unwrap();
        assert!(request.certificate_asked && request.policy == Some(POLICY));
        let mut info = info(request.imprint, request.nonce);
        info.authority = Some(stamper.name.clone());
        let response = stamp(&stamper, &info, request.certificate_asked);
        folder.put("response.tsr", &response);
        let shown = folder.run("openssl ts -reply -in response.tsr -text");
        shown.accepts("Status: Granted.").accepts("Serial number: 0xFEDC").accepts(".25");
        shown.accepts("0x01 seconds, 0x02 millis, 0x03 micros").accepts("TSA: DirName:/C=JP/");
        let verify = "openssl ts -verify -in response.tsr -CAfile ca.pem";
        folder.run(&format!("{verify} -queryfile request.tsq")).accepts("Verification: OK");
        folder.run(&format!("{verify} -data data")).accepts("Verification: OK");
        folder.put("data", b"another");
        folder.run(&format!("{verify} -data data")).refuses("message imprint mismatch");
        let read = TimeStamp::parse(&response).unwrap();
        assert_eq!(read.info(), &info);
        assert_eq!(read.certificates(), [&stamper.certificate[..]]);
        assert_eq!(read.check(&stamper.read(), &request.imprint, Some(&request)), Ok(()));
    }
}

#[test]
fn a_stamp_without_its_certificate_is_verified_with_it() {
    let holder = authority(KeyAlgorithm::P256);
    let stamper = stamper(holder, KeyAlgorithm::P256);
    let folder = folder(holder, &stamper);
    folder.run("openssl ts -query -data data -sha256 -no_nonce -out request.tsq").accepts("");
    let bytes = folder.get("request.tsq");
    let request = TimeStampRequest::parse(&bytes).unwrap();
    assert_eq!((request.nonce, request.policy, request.certificate_asked), (None, None, false));
    assert_eq!(request.imprint, imprint(ImprintHash::Sha256, b"checkpoint"));
    let response = stamp(&stamper, &info(request.imprint, None), false);
    assert!(TimeStamp::parse(&response).unwrap().certificates().is_empty());
    folder.put("response.tsr", &response);
    let verify = "openssl ts -verify -queryfile request.tsq -in response.tsr -CAfile ca.pem";
    folder.run(&format!("{verify} -untrusted tsa.pem")).accepts("Verification: OK");
    folder.run(verify).refuses("Verification: FAILED");
}

#[test]
fn openssl_refuses_another_nonce_a_changed_time_and_another_purpose() {
    let holder = authority(KeyAlgorithm::P256);
    let stamper = stamper(holder, KeyAlgorithm::P256);
    let folder = folder(holder, &stamper);
    folder.run("openssl ts -query -data data -sha256 -cert -out request.tsq").accepts("");
    let bytes = folder.get("request.tsq");
    let request = TimeStampRequest::parse(&bytes).unwrap();
    let verify = "openssl ts -verify -queryfile request.tsq -in response.tsr -CAfile ca.pem";
    folder.put("response.tsr", &stamp(&stamper, &info(request.imprint, Some(&[5])), true));
    folder.run(verify).refuses("nonce mismatch");
    let mut tampered = stamp(&stamper, &info(request.imprint, request.nonce), true);
    let fraction = tampered.windows(4).position(|window| window == b".25Z").unwrap();
    tampered[fraction + 1] = b'3';
    folder.put("response.tsr", &tampered);
    folder.run(verify).refuses("Verification: FAILED");
    let plain = holder.issue(KeyAlgorithm::P256, 0x8002, vec![]);
    folder.put("response.tsr", &stamp(&plain, &info(request.imprint, request.nonce), true));
    folder.run(verify).refuses("Verification: FAILED");
}

#[test]
fn openssl_reads_refusals() {
    let folder = Folder::new();
    for (failure, words) in [
        (TimeStampFailure::BadAlg, "unrecognized or unsupported algorithm"),
        (TimeStampFailure::BadRequest, "transaction not permitted"),
        (TimeStampFailure::BadDataFormat, "the data submitted has the wrong format"),
        (TimeStampFailure::TimeNotAvailable, "the TSA's time source is not available"),
        (TimeStampFailure::UnacceptedPolicy, "the requested TSA policy is not supported"),
        (TimeStampFailure::UnacceptedExtension, "the requested extension is not supported"),
        (TimeStampFailure::AddInfoNotAvailable, "the additional information requested"),
        (TimeStampFailure::SystemFailure, "system failure"),
    ] {
        let response = failure.response("Not now");
        folder.put("refusal.tsr", &response);
        let said = folder.run("openssl ts -reply -in refusal.tsr -text");
        said.accepts("Status: Rejected.").accepts(words).accepts("Not now");
        let told = TimeStamp::parse(&response).unwrap_err();
        assert_eq!(told, TimeStampReadRefusal::Rejected(2, 0x8000_0000 >> failure as u32));
    }
}

#[test]
fn every_fault_of_a_request_has_its_label_and_its_bit() {
    let nonce = [0x12, 0x34];
    let sound = TimeStampRequest {
        imprint: imprint(ImprintHash::Sha256, b"checkpoint"),
        policy: Some(POLICY),
        nonce: Some(&nonce),
        certificate_asked: true,
    };
    let bytes = sound.encode();
    assert_eq!(TimeStampRequest::parse(&bytes), Ok(sound.clone()));
    let told = |bytes: &[u8]| match TimeStampRequest::parse(bytes) {
        Ok(_) => ("taken", TimeStampFailure::SystemFailure),
        Err(refusal) => (refusal.label(), refusal.failure()),
    };
    let malformed = ("time_stamp_request_malformed", TimeStampFailure::BadDataFormat);
    let changed = |from: &[u8], to: &[u8]| {
        let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
        [&bytes[..at], to, &bytes[at + from.len()..]].concat()
    };
    let version = told(&changed(&[2, 1, 1], &[2, 1, 2]));
    assert_eq!(version, ("time_stamp_request_version", TimeStampFailure::BadRequest));
    // SHA-224 in place of SHA-256, and a length that is not that of SHA-384.
    let sha256 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
    let other = |last| [&sha256[..8], &[last]].concat();
    let hash = told(&changed(&sha256, &other(4)));
    assert_eq!(hash, ("time_stamp_request_hash", TimeStampFailure::BadAlg));
    assert_eq!(told(&changed(&sha256, &other(2))), malformed);
    assert_eq!(told(&changed(&[2, 2, 0x12, 0x34], &[2, 2, 0x00, 0x34])), malformed);
    let mut extended = [&bytes[..], &[0xa0, 2, 5, 0]].concat();
    extended[1] += 4;
    let extension = ("time_stamp_request_extension", TimeStampFailure::UnacceptedExtension);
    assert_eq!(told(&extended), extension);
    let long = told(&[0; 4 * 1024 + 1]);
    assert_eq!(long, ("time_stamp_request_too_long", TimeStampFailure::BadRequest));
    for end in 0..bytes.len() {
        assert_eq!(told(&bytes[..end]), malformed);
    }
    assert_eq!(told(&[&bytes[..], &[0]].concat()), malformed);
}

#[test]
fn what_does_not_hold_is_named() {
    let holder = authority(KeyAlgorithm::P256);
    let stamper = stamper(holder, KeyAlgorithm::P256);
    let (nonce, other) = ([1], [2]);
    let about = imprint(ImprintHash::Sha256, b"checkpoint");
    let info = info(about, Some(&nonce));
    let bytes = stamp(&stamper, &info, true);
    let asked = TimeStampRequest {
        imprint: about,
        policy: None,
        nonce: Some(&nonce),
        certificate_asked: true,
    };
    let check = |bytes: &[u8], holder: &Holder, asked: &TimeStampRequest<'_>| {
        TimeStamp::parse(bytes).unwrap().check(&holder.read(), &asked.imprint, Some(asked))
    };
    assert_eq!(check(&bytes, &stamper, &asked), Ok(()));
    let nonce = TimeStampRequest { nonce: Some(&other), ..asked.clone() };
    assert_eq!(check(&bytes, &stamper, &nonce), Err(TimeStampReadRefusal::Nonce));
    let elsewhere = TimeStampRequest { policy: Some(ID_KP_CLIENT_AUTH), ..asked.clone() };
    assert_eq!(check(&bytes, &stamper, &elsewhere), Err(TimeStampReadRefusal::Policy));
    let about_another = imprint(ImprintHash::Sha256, b"another");
    let another = TimeStampRequest { imprint: about_another, ..asked.clone() };
    assert_eq!(check(&bytes, &stamper, &another), Err(TimeStampReadRefusal::Imprint));
    assert_eq!(check(&bytes, holder, &asked), Err(TimeStampReadRefusal::Certificate));
    let plain = holder.issue(KeyAlgorithm::P256, 0x8003, vec![]);
    let by_plain = stamp(&plain, &info, true);
    assert_eq!(check(&by_plain, &plain, &asked), Err(TimeStampReadRefusal::Purpose));
    let late = TimeStampInfo { at: now().plus_us(72 * HOUR_US), ..info.clone() };
    let late = stamp(&stamper, &late, true);
    assert_eq!(check(&late, &stamper, &asked), Err(TimeStampReadRefusal::Expired));
    let mut tampered = bytes.clone();
    let fraction = tampered.windows(4).position(|window| window == b".25Z").unwrap();
    tampered[fraction + 1] = b'3';
    assert_eq!(check(&tampered, &stamper, &asked), Err(TimeStampReadRefusal::Digest));
    let mut tampered = bytes;
    *tampered.last_mut().unwrap() ^= 1;
    assert_eq!(check(&tampered, &stamper, &asked), Err(TimeStampReadRefusal::Signature));
}

#[test]
fn a_key_that_nobody_verifies_stamps_with_is_refused() {
    let holder = authority(KeyAlgorithm::P256);
    let stamper = stamper(holder, KeyAlgorithm::Ed25519);
    let info = info(imprint(ImprintHash::Sha256, b""), None);
    let prepared = TimeStampToBeSigned::new(&info, &stamper.read());
    assert_eq!(prepared, Err(TimeStampRefusal::Algorithm));
}

proptest! {
    #[test]
    fn drawn_infos_read_back(
        us in 0_i64..253_402_300_800_000_000,
        accuracy_us in prop::option::of(1_u64..86_400_000_000),
        ordering in any::<bool>(),
        nonce in prop::option::of(any::<i64>()),
        named in any::<bool>(),
    ) {
        let nonce = nonce.map(shortest);
        let mut info = info(imprint(ImprintHash::Sha512, b""), nonce.as_deref());
        info.at = Moment::from_us(us);
        (info.accuracy_us, info.ordering) = (accuracy_us, ordering);
        info.authority = named.then(|| crate::house::named("Stamper"));
        let bytes = info.encode();
        prop_assert_eq!(TimeStampInfo::parse(&bytes), Ok(info));
    }
}

/// The contents of an INTEGER.
fn shortest(value: i64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let needless = |at: &usize| {
        let (first, second) = (bytes[*at], bytes[*at + 1]);
        (first == 0 && second < 0x80) || (first == 0xff && second >= 0x80)
    };
    bytes[(0..7).take_while(needless).count()..].to_vec()
}
