//! Requests of OpenSSL and GnuTLS, sound and not.

use crate::tools::{Desk, Pair};
use crate::x509::{
    COMMON_NAME, COUNTRY, CertificationRequest, KeyAlgorithm, Name, PublicKeyRefusal,
    RequestRefusal, assemble, encode_request_info, pem,
};

#[test]
fn requests_of_openssl_are_taken() {
    for (options, algorithm) in [
        ("-newkey rsa:2048 -sha256", KeyAlgorithm::Rsa2048),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-256 -sha256", KeyAlgorithm::P256),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-384 -sha384", KeyAlgorithm::P384),
        ("-newkey ed25519", KeyAlgorithm::Ed25519),
        // Over the hash that OpenSSL takes by itself: SHA-256 under every curve.
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-384", KeyAlgorithm::P384),
        ("-newkey rsa:2048", KeyAlgorithm::Rsa2048),
        // Over every other hash of SHA-2.
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-256 -sha384", KeyAlgorithm::P256),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-256 -sha512", KeyAlgorithm::P256),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-384 -sha512", KeyAlgorithm::P384),
        ("-newkey rsa:2048 -sha384", KeyAlgorithm::Rsa2048),
        ("-newkey rsa:2048 -sha512", KeyAlgorithm::Rsa2048),
        // With attributes, which are read and not believed.
        (
            "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -addext keyUsage=keyCertSign",
            KeyAlgorithm::P256,
        ),
    ] {
        let text = openssl_request(options);
        let request = CertificationRequest::from_pem(&text).unwrap();
        assert_eq!(request.key().public_key().algorithm(), algorithm, "{options}");
        assert_eq!(request.subject().to_string(), "CN=holder,C=JP");
    }
}

#[test]
fn requests_of_gnutls_are_taken() {
    let desk = Desk::new();
    desk.must("certtool --generate-privkey --key-type rsa --bits 2048 --outfile key.pem", b"");
    desk.put("template", "cn = \"holder\"\ncountry = JP\n");
    let line = "certtool --generate-request --load-privkey key.pem --template template \
                --hash SHA256 --outfile request.pem";
    desk.must(line, b"");
    let text = String::from_utf8(desk.get("request.pem")).unwrap();
    let request = CertificationRequest::from_pem(&text).unwrap();
    assert_eq!(request.key().public_key().algorithm(), KeyAlgorithm::Rsa2048);
}

#[test]
fn requests_that_openssl_makes_and_nobody_should_take_are_refused() {
    for (options, refusal) in [
        ("-newkey rsa:1024", RequestRefusal::Key(PublicKeyRefusal::RsaLength)),
        ("-newkey rsa:3072", RequestRefusal::Key(PublicKeyRefusal::RsaLength)),
        (
            "-newkey rsa:2048 -pkeyopt rsa_keygen_pubexp:3",
            RequestRefusal::Key(PublicKeyRefusal::RsaExponent),
        ),
        ("-newkey rsa:2048 -sha1", RequestRefusal::SignatureAlgorithm),
        ("-newkey rsa:2048 -sha224", RequestRefusal::SignatureAlgorithm),
        ("-newkey rsa:2048 -sha3-256", RequestRefusal::SignatureAlgorithm),
        ("-newkey rsa:2048 -sigopt rsa_padding_mode:pss", RequestRefusal::SignatureAlgorithm),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-256 -sha1", RequestRefusal::SignatureAlgorithm),
        (
            "-newkey ec -pkeyopt ec_paramgen_curve:secp256k1",
            RequestRefusal::Key(PublicKeyRefusal::Curve),
        ),
        (
            "-newkey ec -pkeyopt ec_paramgen_curve:P-521",
            RequestRefusal::Key(PublicKeyRefusal::Curve),
        ),
        (
            "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
            RequestRefusal::Key(PublicKeyRefusal::Curve),
        ),
        ("-newkey ed448", RequestRefusal::Key(PublicKeyRefusal::Algorithm)),
        (
            "-newkey rsa-pss -pkeyopt rsa_keygen_bits:2048",
            RequestRefusal::Key(PublicKeyRefusal::Algorithm),
        ),
    ] {
        let text = openssl_request(options);
        assert_eq!(CertificationRequest::from_pem(&text), Err(refusal), "{options}");
    }
}

/// The bytes of a request are turned one by one: under no hash does it stay a proof.
#[test]
fn no_bit_of_a_request_over_another_hash_can_be_turned() {
    for options in
        ["-newkey ec -pkeyopt ec_paramgen_curve:P-384 -sha256", "-newkey rsa:2048 -sha512"]
    {
        let text = openssl_request(options);
        let (_, der) = pem::decode(&text).unwrap();
        assert!(CertificationRequest::parse(&der).is_ok());
        for at in 0..der.len() {
            let mut changed = der.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(CertificationRequest::parse(&changed).is_err(), "{options}: byte {at}");
        }
    }
}

#[test]
fn openssl_and_gnutls_verify_requests_built_here() {
    let pair = Pair::new();
    let subject = Name::new([(COUNTRY, "JP"), (COMMON_NAME, "持ち主")]).unwrap();
    let info = encode_request_info(&subject, &pair.public());
    let der = assemble(&info, KeyAlgorithm::P256, &pair.sign(&info));
    let text = pem::encode(pem::CERTIFICATE_REQUEST, &der);
    let desk = Desk::new();
    let verified = desk.must(
        "openssl req -verify -noout -subject -nameopt RFC2253,utf8,-esc_msb",
        text.as_bytes(),
    );
    assert!(verified.text.contains("verify OK") && verified.text.contains("CN=持ち主,C=JP"));
    let shown = desk.must("certtool --crq-info", text.as_bytes());
    assert!(shown.text.contains("Self signature: verified"), "{}", shown.text);
    let other = assemble(&info, KeyAlgorithm::P256, &Pair::new().sign(&info));
    assert_eq!(CertificationRequest::parse(&other), Err(RequestRefusal::Possession));
    let refused = desk.run("openssl req -verify -noout -inform DER", &other);
    assert!(!refused.text.contains("verify OK"), "{}", refused.text);
}

fn openssl_request(options: &str) -> String {
    let desk = Desk::new();
    let line = format!("openssl req -new {options} -nodes -keyout key.pem -subj /C=JP/CN=holder");
    String::from_utf8(desk.must(&line, b"").bytes).unwrap()
}
