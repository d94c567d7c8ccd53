//! Every refusal of certificates and requests stands in the one table of labels.

use crate::x509::lint::{Finding, SigningFault};
use crate::x509::{
    CertificateRefusal, DerFault, NameRefusal, PublicKeyRefusal, RequestRefusal, SerialRefusal,
    Weakness,
};
use base::labels;

#[test]
fn certificates_and_requests_are_refused_with_labels_of_the_table() {
    let faults = [
        DerFault::Truncated,
        DerFault::Trailing,
        DerFault::IndefiniteLength,
        DerFault::Length,
        DerFault::Tag,
        DerFault::Integer,
        DerFault::Value,
    ];
    let mut used: Vec<_> = faults.map(DerFault::label).into();
    let names = [NameRefusal::Der(DerFault::Tag), NameRefusal::Country, NameRefusal::Empty];
    used.extend(names.map(NameRefusal::label));
    used.push(SerialRefusal.label());
    used.extend(keys().map(PublicKeyRefusal::label));
    used.extend(
        [
            CertificateRefusal::Der(DerFault::Tag),
            CertificateRefusal::Version,
            CertificateRefusal::AlgorithmMismatch,
            CertificateRefusal::Extensions,
        ]
        .map(CertificateRefusal::label),
    );
    used.extend(requests().map(RequestRefusal::label));
    used.extend(Finding::ALL.map(Finding::label));
    used.extend(
        [SigningFault::Malformed, SigningFault::OtherBytes, SigningFault::Signature]
            .map(SigningFault::label),
    );
    for label in used {
        assert!(labels::find(label).is_some(), "{label}");
    }
}

fn keys() -> [PublicKeyRefusal; 7] {
    [
        PublicKeyRefusal::Malformed(DerFault::Tag),
        PublicKeyRefusal::Algorithm,
        PublicKeyRefusal::Curve,
        PublicKeyRefusal::RsaLength,
        PublicKeyRefusal::RsaExponent,
        PublicKeyRefusal::Value,
        PublicKeyRefusal::Weak(Weakness::SmallFactor),
    ]
}

fn requests() -> [RequestRefusal; 10] {
    [
        RequestRefusal::TooLong,
        RequestRefusal::Pem,
        RequestRefusal::Der(DerFault::Tag),
        RequestRefusal::Version,
        RequestRefusal::Subject(NameRefusal::Country),
        RequestRefusal::Key(PublicKeyRefusal::Algorithm),
        RequestRefusal::Weak(Weakness::SmallFactor),
        RequestRefusal::Weak(Weakness::Roca),
        RequestRefusal::SignatureAlgorithm,
        RequestRefusal::Possession,
    ]
}
