//! OCSP before OpenSSL: its requests are read, our responses are accepted by it.

use crate::house::{Folder, HOUR_US, Holder, authority, now, serial};
use crate::ocsp::{answer, delegate, issuer_id, response};
use crate::x509::{CertStatus, IdHash, KeyAlgorithm, OcspRequest, OcspStatus, RevocationReason};

fn folder(holder: &Holder, leaf: &Holder) -> Folder {
    let folder = Folder::new();
    folder.put_pem("ca.pem", "CERTIFICATE", &holder.certificate);
    folder.put_pem("leaf.pem", "CERTIFICATE", &leaf.certificate);
    folder
}

#[test]
fn requests_of_openssl_are_read() {
    let holder = authority(KeyAlgorithm::P256);
    let leaf = holder.issue(KeyAlgorithm::P256, 0x77, vec![]);
    let folder = folder(holder, &leaf);
    let issuer = issuer_id(holder);
    let asked = "openssl ocsp -issuer ca.pem";
    folder.run(&format!("{asked} -cert leaf.pem -no_nonce -reqout one.der")).accepts("");
    let bytes = folder.get("one.der");
    let request = OcspRequest::parse(&bytes).unwrap();
    let sha1 = issuer.certificate(IdHash::Sha1, serial(0x77));
    assert_eq!((&request.certificates[..], request.nonce), (&[sha1][..], None));
    // Nothing in it can be said otherwise: the bytes are the same.
    assert_eq!(request.encode(), bytes);
    let two = "-sha256 -cert leaf.pem -sha1 -serial 0x99 -nonce -reqout two.der";
    folder.run(&format!("{asked} {two}")).accepts("");
    let bytes = folder.get("two.der");
    let request = OcspRequest::parse(&bytes).unwrap();
    let sha256 = issuer.certificate(IdHash::Sha256, serial(0x77));
    let other = issuer.certificate(IdHash::Sha1, serial(0x99));
    assert_eq!(request.certificates, [sha256, other]);
    assert_eq!(request.nonce.map(<[u8]>::len), Some(16));
    assert_eq!(request.encode(), bytes);
}

#[test]
fn a_signed_request_is_read_and_ours_is_shown() {
    let holder = authority(KeyAlgorithm::P256);
    let leaf = holder.issue(KeyAlgorithm::P256, 0x78, vec![]);
    let folder = folder(holder, &leaf);
    let make = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=Client -keyout key.pem";
    folder.run(&format!("{make} -out client.pem")).accepts("");
    let sign = "-signer client.pem -signkey key.pem -reqout signed.der";
    folder.run(&format!("openssl ocsp -issuer ca.pem -cert leaf.pem {sign}")).accepts("");
    let bytes = folder.get("signed.der");
    let request = OcspRequest::parse(&bytes).unwrap();
    assert!(request.signed && request.nonce.is_some());
    let certificates = vec![issuer_id(holder).certificate(IdHash::Sha256, serial(0x78))];
    let ours = OcspRequest { certificates, nonce: Some(&[0xab; 32]), signed: false };
    folder.put("ours.der", &ours.encode());
    let said = folder.run("openssl ocsp -reqin ours.der -req_text");
    said.accepts("Serial Number: 78").accepts("sha256").accepts("ABABABAB");
}

#[test]
fn openssl_accepts_answers_of_issuers_and_delegates() {
    for algorithm in KeyAlgorithm::ALL {
        // OpenSSL finds the responder by SHA-1 of its key in each of these.
        let holder = authority(algorithm);
        let leaf = holder.issue(KeyAlgorithm::P256, 0x79, vec![]);
        let folder = folder(holder, &leaf);
        let delegate = delegate(holder, algorithm);
        let at = now().plus_us(-5 * HOUR_US);
        let reason = Some(RevocationReason::KeyCompromise);
        let revoked = CertStatus::Revoked { at, reason };
        for (status, words) in [
            (CertStatus::Good, "leaf.pem: good"),
            (CertStatus::Unknown, "leaf.pem: unknown"),
            (revoked, "leaf.pem: revoked"),
        ] {
            let id = issuer_id(holder).certificate(IdHash::Sha1, serial(0x79));
            let answers = [answer(id, status)];
            folder.put("own.der", &response(holder, &answers, None, &[]));
            let brought = [&delegate.certificate[..]];
            folder.put("delegate.der", &response(&delegate, &answers, None, &brought));
            for name in ["own.der", "delegate.der"] {
                let check = "openssl ocsp -issuer ca.pem -cert leaf.pem -CAfile ca.pem -no_nonce";
                let said = folder.run(&format!("{check} -respin {name}"));
                said.accepts("Response verify OK").accepts(words);
                if status == revoked {
                    said.accepts("Reason: keyCompromise");
                }
            }
        }
    }
}

#[test]
fn openssl_refuses_what_was_tampered_with_and_who_may_not_answer() {
    let holder = authority(KeyAlgorithm::P256);
    let leaf = holder.issue(KeyAlgorithm::P256, 0x7a, vec![]);
    let folder = folder(holder, &leaf);
    let id = issuer_id(holder).certificate(IdHash::Sha1, serial(0x7a));
    let answers = [answer(id, CertStatus::Good)];
    let mut bytes = response(holder, &answers, None, &[]);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    folder.put("tampered.der", &bytes);
    folder.put("leaf.der", &response(&leaf, &answers, None, &[&leaf.certificate]));
    let check = "openssl ocsp -issuer ca.pem -cert leaf.pem -CAfile ca.pem -no_nonce -respin";
    folder.run(&format!("{check} tampered.der")).accepts_not("Response verify OK");
    folder.run(&format!("{check} leaf.der")).accepts_not("Response verify OK");
}

#[test]
fn a_nonce_is_repeated_as_openssl_wants_it() {
    let holder = authority(KeyAlgorithm::P256);
    let leaf = holder.issue(KeyAlgorithm::P256, 0x7b, vec![]);
    let folder = folder(holder, &leaf);
    let ask = "openssl ocsp -issuer ca.pem -cert leaf.pem -nonce -reqout request.der";
    folder.run(ask).accepts("");
    let bytes = folder.get("request.der");
    let request = OcspRequest::parse(&bytes).unwrap();
    let answers = [answer(request.certificates[0], CertStatus::Good)];
    folder.put("same.der", &response(holder, &answers, request.nonce, &[]));
    folder.put("other.der", &response(holder, &answers, Some(&[1; 16]), &[]));
    // -no_nonce: it shall not put another nonce into the request that it is given.
    let check = "openssl ocsp -reqin request.der -no_nonce -CAfile ca.pem -VAfile ca.pem";
    folder.run(&format!("{check} -respin same.der")).accepts("Response verify OK");
    folder.run(&format!("{check} -respin other.der")).refuses("Nonce Verify error");
}

#[test]
fn openssl_reads_refusals() {
    let folder = Folder::new();
    for (status, words) in [
        (OcspStatus::MalformedRequest, "malformedrequest"),
        (OcspStatus::TryLater, "trylater"),
        (OcspStatus::Unauthorized, "unauthorized"),
    ] {
        folder.put("refusal.der", &status.response());
        let said = folder.run("openssl ocsp -respin refusal.der -resp_text");
        assert!(said.text.contains(words), "{}", said.text);
    }
}
