//! Lists, responses and time stamps that OpenSSL made, read and checked here.

use crate::house::{Folder, now, serial};
use crate::time_stamp::imprint;
use crate::x509::{
    CertStatus, Certificate, Crl, CrlNumber, IdHash, ImprintHash, IssuerId, OcspQuestion,
    OcspReadRefusal, OcspRequest, OcspResponse, PublicKey, RevocationReason, TimeStamp,
    TimeStampReadRefusal, TimeStampRequest,
};
use base::Moment;

const CONFIG: &str = "
[ca]
default_ca = one
[one]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 7
[of_everything]
authorityKeyIdentifier = keyid
[indirect]
issuingDistributionPoint = critical, @point
[point]
fullname = URI:http://crl.example/1.crl
indirectCRL = TRUE
onlysomereasons = keyCompromise, CACompromise
[unknown]
1.2.3.4 = critical, DER:0500
[subject]
[stamps]
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = stamper
[stamper]
serial = tsaserial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1, millisecs:500
ess_cert_id_alg = sha256
";

/// What became of six certificates: kind, expiry, revocation and reason, serial.
const INDEX: &str = "\
V\t491231235959Z\t\t10\tunknown\t/CN=good\n\
R\t491231235959Z\t260102030405Z,keyCompromise\t11\tunknown\t/CN=revoked\n\
R\t491231235959Z\t260102030405Z,holdInstruction,1.2.840.10040.2.2\t12\tunknown\t/CN=held\n\
R\t491231235959Z\t260102030405Z,keyTime,20260101000000Z\t8013\tunknown\t/CN=doubted\n\
R\t491231235959Z\t260102030405Z\tABCDEF0123456789ABCDEF\tunknown\t/CN=silent\n";

/// An authority of OpenSSL in a folder.
fn openssls() -> Folder {
    let folder = Folder::new();
    folder.put("ca.cnf", CONFIG.as_bytes());
    folder.put("index.txt", INDEX.as_bytes());
    folder.put("crlnumber", b"1F\n");
    folder.put("tsaserial", b"07\n");
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    let make = format!("openssl req -x509 {key} -days 9");
    folder.run(&format!("{make} -subj /C=JP/CN=Stranger -keyout ca.key -out ca.pem")).accepts("");
    folder.run("openssl x509 -in ca.pem -outform DER -out ca.der").accepts("");
    folder
}

fn list(folder: &Folder, section: &str) -> Vec<u8> {
    let make = "openssl ca -gencrl -config ca.cnf -keyfile ca.key -cert ca.pem -out list.pem";
    folder.run(&format!("{make} -crlexts {section}")).accepts("");
    folder.run("openssl crl -in list.pem -outform DER -out list.der").accepts("");
    folder.get("list.der")
}

fn at(seconds: i64) -> Moment {
    Moment::from_us(seconds * 1_000_000)
}

#[test]
fn lists_of_openssl_say_what_it_was_told() {
    let folder = openssls();
    let ca = folder.get("ca.der");
    let key = Certificate::parse(&ca).unwrap().public_key().unwrap();
    let bytes = list(&folder, "of_everything");
    let read = Crl::parse(&bytes).unwrap();
    assert!(read.is_signed_by(&key));
    assert_eq!(read.authority_key(), Some(&key.key_identifier()[..]));
    assert_eq!((read.number(), read.len()), (Some(CrlNumber::from(0x1f)), 4));
    assert!(!read.is_indirect() && read.scope().is_none() && read.unknown_critical().is_none());
    assert_eq!(read.find(serial(0x10)), None);
    let revoked = read.find(serial(0x11)).unwrap();
    assert_eq!(revoked.revoked_at, at(1_767_323_045));
    assert_eq!(revoked.reason, Some(RevocationReason::KeyCompromise));
    let held = read.find(serial(0x12)).unwrap();
    assert_eq!(held.reason, Some(RevocationReason::CertificateHold));
    let doubted = read.find(serial(0x8013)).unwrap();
    assert_eq!(doubted.invalid_since, Some(at(1_767_225_600)));
    assert_eq!(doubted.serial, [0x00, 0x80, 0x13]);
    let silent = read.find("ABCDEF0123456789ABCDEF".parse().unwrap()).unwrap();
    assert_eq!((silent.reason, silent.invalid_since), (None, None));
}

#[test]
fn lists_that_say_less_than_they_seem_to_are_told() {
    let folder = openssls();
    let bytes = list(&folder, "indirect");
    let read = Crl::parse(&bytes).unwrap();
    assert!(read.is_indirect() && read.unknown_critical().is_none());
    let scope = read.scope().unwrap();
    assert!(scope.some_reasons.is_some() && scope.names().count() == 1);
    let bytes = list(&folder, "unknown");
    let read = Crl::parse(&bytes).unwrap();
    assert_eq!(read.unknown_critical(), Some(&[0x2a, 3, 4][..]));
}

#[test]
fn responses_of_openssl_are_checked() {
    let folder = openssls();
    let ca = folder.get("ca.der");
    let ca = Certificate::parse(&ca).unwrap();
    let (name, key) = (ca.issuer_name().unwrap(), ca.public_key().unwrap());
    let answered = |number: u64, nonce: &[u8], by: &str| {
        let id = IssuerId::new(&name, &key).certificate(IdHash::Sha256, serial(number));
        let request = OcspRequest { certificates: vec![id], nonce: Some(nonce), signed: false };
        folder.put("request.der", &request.encode());
        let answer = "openssl ocsp -index index.txt -CA ca.pem -rsigner ca.pem -rkey ca.key";
        let files = "-reqin request.der -respout response.der -ndays 1";
        folder.run(&format!("{answer} {files} {by}")).accepts("");
        folder.get("response.der")
    };
    let question = |number, key: &PublicKey| {
        let bytes = answered(number, &[3; 32], "");
        let by_key = answered(number, &[3; 32], "-resp_key_id");
        let told = [bytes, by_key].map(|bytes| {
            let nonce = Some(&[3; 32][..]);
            let serial = serial(number);
            let (issuer, issuer_key, skew_us) = (&name, key, 5_000_000);
            let asked = OcspQuestion { issuer, issuer_key, serial, nonce, at: now(), skew_us };
            let read = OcspResponse::parse(&bytes).unwrap();
            read.check(&asked).map(|checked| checked.answer.status)
        });
        assert_eq!(told[0].is_ok(), told[1].is_ok());
        told[0]
    };
    assert_eq!(question(0x10, &key), Ok(CertStatus::Good));
    let reason = Some(RevocationReason::KeyCompromise);
    let revoked = CertStatus::Revoked { at: at(1_767_323_045), reason };
    assert_eq!(question(0x11, &key), Ok(revoked));
    assert_eq!(question(0x7777, &key), Ok(CertStatus::Unknown));
    let other = &crate::house::authority(crate::x509::KeyAlgorithm::P256).key;
    assert!(matches!(
        question(0x10, other),
        Err(OcspReadRefusal::Responder | OcspReadRefusal::Signature)
    ));
}

#[test]
fn time_stamps_of_openssl_are_checked() {
    let folder = openssls();
    let request = "openssl req -newkey rsa:2048 -nodes -subj /CN=Stamper -keyout tsa.key";
    folder.run(&format!("{request} -out tsa.csr")).accepts("");
    let issue = "openssl x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -set_serial 0x1234 -days 5";
    let extended = "-extfile ca.cnf -extensions stamps -out tsa.pem";
    folder.run(&format!("{issue} {extended}")).accepts("");
    folder.run("openssl x509 -in tsa.pem -outform DER -out tsa.der").accepts("");
    let about = imprint(ImprintHash::Sha256, b"checkpoint");
    let asked = TimeStampRequest {
        imprint: about,
        policy: None,
        nonce: Some(&[0x12, 0x34]),
        certificate_asked: true,
    };
    folder.put("request.tsq", &asked.encode());
    folder.run("openssl ts -query -in request.tsq -text").accepts("Nonce: 0x1234");
    let reply = "openssl ts -reply -config ca.cnf -section stamper -queryfile request.tsq";
    let files = "-signer tsa.pem -inkey tsa.key -out response.tsr";
    folder.run(&format!("{reply} {files}")).accepts("");
    let bytes = folder.get("response.tsr");
    let read = TimeStamp::parse(&bytes).unwrap();
    let tsa = folder.get("tsa.der");
    let signer = Certificate::parse(&tsa).unwrap();
    assert_eq!(read.info().accuracy_us, Some(1_500_000));
    assert_eq!(read.certificates(), [&tsa[..]]);
    assert_eq!(read.check(&signer, &about, Some(&asked)), Ok(()));
    let other = imprint(ImprintHash::Sha256, b"another");
    assert_eq!(read.check(&signer, &other, None), Err(TimeStampReadRefusal::Imprint));
    folder.put("data", b"checkpoint");
    folder.run("openssl ts -query -data data -sha1 -out sha1.tsq").accepts("");
    let sha1 = folder.get("sha1.tsq");
    let refused = TimeStampRequest::parse(&sha1).unwrap_err();
    assert_eq!(refused.label(), "time_stamp_request_hash");
}
