//! Every refusal of lists, OCSP and time stamps stands in the one table of labels.

use crate::x509::{
    CrlReadRefusal, CrlRefusal, DerFault, OcspReadRefusal, OcspRequestRefusal, OcspStatus,
    TimeStampReadRefusal, TimeStampRefusal, TimeStampRequestRefusal,
};
use base::labels;

#[test]
fn every_label_is_in_the_table() {
    let der = DerFault::Value;
    let building = [
        CrlRefusal::Times,
        CrlRefusal::DeltaBase,
        CrlRefusal::ScopeEmpty,
        CrlRefusal::FreshestInDelta,
        CrlRefusal::Order,
        CrlRefusal::RemoveOutsideDelta,
    ];
    let lists =
        [CrlReadRefusal::Malformed(der), CrlReadRefusal::Version, CrlReadRefusal::Algorithms];
    let requests = [
        OcspRequestRefusal::Malformed(der),
        OcspRequestRefusal::TooLong,
        OcspRequestRefusal::Version,
        OcspRequestRefusal::Count,
        OcspRequestRefusal::Hash,
        OcspRequestRefusal::Serial,
        OcspRequestRefusal::Nonce,
        OcspRequestRefusal::CriticalExtension,
    ];
    let responses = [
        OcspReadRefusal::Malformed(der),
        OcspReadRefusal::Status(OcspStatus::TryLater),
        OcspReadRefusal::Type,
        OcspReadRefusal::CriticalExtension,
        OcspReadRefusal::Responder,
        OcspReadRefusal::ResponderExpired,
        OcspReadRefusal::Signature,
        OcspReadRefusal::NotAnswered,
        OcspReadRefusal::Nonce,
        OcspReadRefusal::Stale,
        OcspReadRefusal::Early,
    ];
    let mut used: Vec<_> = building.map(CrlRefusal::label).into();
    used.extend(lists.map(CrlReadRefusal::label));
    used.extend(requests.map(OcspRequestRefusal::label));
    used.extend(responses.map(OcspReadRefusal::label));
    used.extend(stamps());
    for label in used {
        assert!(labels::find(label).is_some(), "{label}");
    }
}

fn stamps() -> Vec<&'static str> {
    let der = DerFault::Value;
    let requests = [
        TimeStampRequestRefusal::Malformed(der),
        TimeStampRequestRefusal::TooLong,
        TimeStampRequestRefusal::Version,
        TimeStampRequestRefusal::Hash,
        TimeStampRequestRefusal::Extension,
    ];
    let stamps = [
        TimeStampReadRefusal::Malformed(der),
        TimeStampReadRefusal::Rejected(2, 0),
        TimeStampReadRefusal::Type,
        TimeStampReadRefusal::Algorithm,
        TimeStampReadRefusal::Digest,
        TimeStampReadRefusal::Certificate,
        TimeStampReadRefusal::Purpose,
        TimeStampReadRefusal::Expired,
        TimeStampReadRefusal::Signature,
        TimeStampReadRefusal::Imprint,
        TimeStampReadRefusal::Nonce,
        TimeStampReadRefusal::Policy,
    ];
    let mut used: Vec<_> = requests.map(TimeStampRequestRefusal::label).into();
    used.extend(stamps.map(TimeStampReadRefusal::label));
    used.push(TimeStampRefusal::Algorithm.label());
    used
}
