//! Certificates of every form as they were reviewed: in PEM and as text. `SEKISHO_GOLDEN=write`
//! writes them anew.
//!
//! An RSA signature is the same each time, so those files are compared whole. An ECDSA signature is
//! not: of those files the signed bytes are compared, and the signature in the file is verified.

use crate::dump::dump;
use crate::house::{ALGORITHMS, House, Made};
use authority::CertificateKind;
use sekisho_authority as authority;
use std::path::Path;
use x509::{Certificate, KeyAlgorithm, pem};

#[test]
fn golden_certificates() {
    for algorithm in ALGORITHMS {
        let house = House::new(algorithm);
        for kind in CertificateKind::ALL {
            for made in house.all(kind) {
                let stem = format!("{algorithm}-{kind}-{}", made.word);
                compare(&stem, &made);
            }
        }
    }
}

#[test]
fn sizes_come_near_those_of_the_model() {
    // 1,318, 1,333, 1,758 and 1,590 bytes; ours have longer names, and an address for each list.
    let house = House::new(KeyAlgorithm::Rsa2048);
    let sizes = CertificateKind::ALL.map(|kind| {
        let made = house.all(kind);
        ["root", "holder"].map(|word| made.iter().find(|one| one.word == word).unwrap().der.len())
    });
    for (size, model) in sizes.as_flattened().iter().zip([1_318, 1_758, 1_333, 1_590]) {
        assert!(size.abs_diff(model) < 100, "{sizes:?}");
    }
}

fn compare(stem: &str, made: &Made) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/certificates");
    let [pem_path, text_path] = ["pem", "txt"].map(|end| folder.join(format!("{stem}.{end}")));
    if std::env::var_os("SEKISHO_GOLDEN").is_some_and(|word| word == "write") {
        std::fs::create_dir_all(&folder).unwrap();
        let kept = std::fs::read_to_string(&pem_path).unwrap_or_default();
        // What has not changed keeps its signature, so that the file does not change either.
        if !is_kept(&kept, made) {
            std::fs::write(&pem_path, pem::encode(pem::CERTIFICATE, &made.der)).unwrap();
        }
        std::fs::write(&text_path, dump(&made.tbs)).unwrap();
    }
    let kept = std::fs::read_to_string(&pem_path).unwrap_or_default();
    let hint = "differs: run `make golden` and review the difference";
    assert!(is_kept(&kept, made), "{stem}.pem {hint}");
    let kept = std::fs::read_to_string(&text_path).unwrap_or_default();
    assert!(kept == dump(&made.tbs), "{stem}.txt {hint}");
}

fn is_kept(text: &str, made: &Made) -> bool {
    let Some((pem::CERTIFICATE, der)) = pem::decode(text) else {
        return false;
    };
    let Ok(kept) = Certificate::parse(&der) else {
        return false;
    };
    let whole = made.issuer.public_key.algorithm() != KeyAlgorithm::Rsa2048 || der == made.der;
    kept.tbs() == made.tbs && kept.is_signed_by(&made.issuer.public_key) && whole
}
