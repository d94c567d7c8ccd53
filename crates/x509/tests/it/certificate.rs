//! Certificates: built here and judged there, built there and read here.

use crate::tools::{Desk, Pair};
use crate::x509::{
    COMMON_NAME, COUNTRY, Certificate, Extension, GeneralName, KeyUsage, Name, ORGANIZATION,
    ObjectIdentifier, Serial, TbsCertificate, assemble, extension_id, pem, purpose,
};
use base::Moment;

#[test]
fn openssl_and_gnutls_accept_a_chain_built_here() {
    let (desk, root, leaf) = chain();
    desk.put("root.pem", pem::encode(pem::CERTIFICATE, &root));
    desk.put("leaf.pem", pem::encode(pem::CERTIFICATE, &leaf));
    for line in [
        "openssl verify -x509_strict -check_ss_sig -CAfile root.pem leaf.pem",
        "openssl verify -x509_strict -purpose sslclient -CAfile root.pem leaf.pem",
        "certtool --verify --load-ca-certificate root.pem --infile leaf.pem",
    ] {
        desk.must(line, b"");
    }
    let refused = desk.run("openssl verify -purpose sslserver -CAfile root.pem leaf.pem", b"");
    assert!(!refused.good, "{}", refused.text);
    let mut changed = leaf;
    let at = changed.len() / 2;
    changed[at] ^= 1;
    desk.put("leaf.pem", pem::encode(pem::CERTIFICATE, &changed));
    assert!(!desk.run("openssl verify -CAfile root.pem leaf.pem", b"").good);
}

#[test]
fn both_tools_show_what_was_written() {
    let (desk, _, leaf) = chain();
    let text = desk.must("openssl x509 -inform DER -noout -text -nameopt utf8", &leaf).text;
    for shown in [
        "Serial Number: 20104363 (0x132c4ab)",
        "Digital Signature, Non Repudiation",
        "TLS Web Client Authentication",
        "Policy: 1.3.6.1.4.1.32473.1",
        "CPS: http://cps.example/",
        "URI:http://crl.example/1.crl",
        "OCSP - URI:http://ocsp.example",
        "DirName:C = JP, O = ",
        "othername: 1.3.6.1.4.1.32473.2::",
        "Not After : Dec 31 23:59:59 2049 GMT",
        "serial:80",
    ] {
        assert!(text.contains(shown), "{shown} is not in {text}");
    }
    let text = desk.must("certtool --certificate-info --inder", &leaf).text;
    for shown in [
        "Serial Number (hex): 0132c4ab",
        "Subject: CN=持ち主,C=JP",
        "Non repudiation.",
        "TLS WWW Client.",
        "URI: http://cps.example/",
        "URI: http://crl.example/1.crl",
        "otherName OID: 1.3.6.1.4.1.32473.2",
    ] {
        assert!(text.contains(shown), "{shown} is not in {text}");
    }
    let text = desk.must("openssl asn1parse -inform DER -i", &leaf).text;
    assert!(text.contains("UTF8STRING        :持ち主") && text.contains("PRINTABLESTRING   :JP"));
}

#[test]
fn certificates_of_openssl_are_read() {
    for key in ["rsa:2048", "rsa:4096", "ec -pkeyopt ec_paramgen_curve:P-384", "ed25519"] {
        let desk = Desk::new();
        let line = format!(
            "openssl req -x509 -newkey {key} -nodes -keyout key.pem -out root.pem -days 20000 \
             -set_serial 0x8000000000000001 -utf8 -subj /C=JP/O=試験,組織/OU=b#;/CN=root"
        );
        desk.must(&line, b"");
        let (label, der) = pem::decode(std::str::from_utf8(&desk.get("root.pem")).unwrap())
            .map(|(label, der)| (label.to_owned(), der))
            .unwrap();
        assert_eq!(label, pem::CERTIFICATE);
        let read = Certificate::parse(&der).unwrap();
        assert_eq!(read.serial().unwrap().to_string(), "8000000000000001");
        let line = "openssl x509 -in root.pem -noout -subject -nameopt RFC2253,utf8,-esc_msb";
        let subject = desk.must(line, b"").text;
        let ours = format!("subject={}\n", read.subject_name().unwrap());
        assert_eq!(ours.replace('\\', ""), subject.replace('\\', ""));
        assert!(read.extension(&extension_id::BASIC_CONSTRAINTS).is_some_and(|one| one.critical));
        if let (Ok(key), Some(_)) = (read.public_key(), read.algorithm()) {
            let named = read.extension(&extension_id::SUBJECT_KEY_IDENTIFIER).unwrap();
            assert_eq!(&named.value[2..], key.key_identifier());
            // OpenSSL signs with SHA-256 under every curve; only that of P-384 is not ours.
            assert_eq!(read.is_signed_by(&key), read.algorithm() == Some(key.algorithm()));
        }
        let shown =
            desk.must("openssl x509 -in root.pem -noout -dates -dateopt iso_8601", b"").text;
        for moment in [read.not_before(), read.not_after()] {
            let iso = moment.to_string().replace('T', " ");
            assert!(shown.contains(&iso), "{iso} is not in {shown}");
        }
    }
}

/// A root and a leaf that has every extension there is.
fn chain() -> (Desk, Vec<u8>, Vec<u8>) {
    let (root, leaf) = (Pair::new(), Pair::new());
    let (root_key, leaf_key) = (root.public(), leaf.public());
    let name = Name::new([(COUNTRY, "JP"), (ORGANIZATION, "試験")]).unwrap();
    let serial = Serial::try_from(0x80).unwrap();
    let own = TbsCertificate {
        serial,
        algorithm: root_key.algorithm(),
        issuer: name.clone(),
        not_before: Moment::from_us(1_763_000_000_000_000),
        // In 2060, which is written in the longer form.
        not_after: Moment::from_us(2_850_000_000_000_000),
        subject: name.clone(),
        public_key: root_key.clone(),
        extensions: vec![
            Extension::key_usage(KeyUsage::KEY_CERT_SIGN.and(KeyUsage::CRL_SIGN)),
            Extension::authority(Some(0)),
            Extension::subject_key(&root_key.key_identifier()),
        ],
    };
    let given = TbsCertificate {
        serial: Serial::try_from(0x0132_c4ab).unwrap(),
        subject: Name::new([(COUNTRY, "JP"), (COMMON_NAME, "持ち主")]).unwrap(),
        not_after: Moment::from_us(2_524_607_999_000_000),
        public_key: leaf_key.clone(),
        extensions: leaf_extensions(&name, &root_key.key_identifier(), &leaf_key.key_identifier()),
        ..own.clone()
    };
    let signed = |tbs: TbsCertificate| {
        let bytes = tbs.encode();
        assemble(&bytes, tbs.algorithm, &root.sign(&bytes))
    };
    (Desk::new(), signed(own), signed(given))
}

fn leaf_extensions(issuer: &Name, issuer_key: &[u8], key: &[u8]) -> Vec<Extension> {
    let arc = |number| ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473").push_arc(number).unwrap();
    let directory = GeneralName::Directory(issuer.clone());
    let uri = GeneralName::Uri("http://crl.example/1.crl".to_owned());
    vec![
        Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE.and(KeyUsage::NON_REPUDIATION)),
        Extension::extended_key_usage(false, &[purpose::CLIENT_AUTH]),
        Extension::subject_alt_name(&[GeneralName::Text(arc(2), "氏名".to_owned())]),
        Extension::certificate_policies(true, arc(1), Some("http://cps.example/")),
        Extension::issuer_alt_name(std::slice::from_ref(&directory)),
        Extension::no_authority(),
        Extension::crl_distribution_points(&[directory.clone(), uri.clone()]),
        Extension::freshest_crl(&[directory, uri]),
        Extension::ocsp_responder("http://ocsp.example"),
        Extension::authority_key_and_certificate(
            issuer_key,
            issuer,
            Serial::try_from(0x80).unwrap(),
        ),
        Extension::subject_key(key),
    ]
}
