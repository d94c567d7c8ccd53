//! Rows of the certification authority to write: valid by themselves, told apart by their numbers.

use crate::rows::{index, sixteen, ward};
use base::{ActId, Moment, PersonId};
use ports::rows::{
    AuthorityRow, CertificateId, CertificateRow, CertificateStatusRow, Changes, DelegateKey,
    DelegateRow, IntentionHead, IntentionRow, OcspAnswerRow, OcspKey, Partition, RevocationListRow,
    VerifierRow, authority_kind, authority_state, certificate_state, delegate_purpose, id_hash,
    verifier_state,
};

pub(crate) const fn id(authority: i64, serial: u64) -> CertificateId {
    CertificateId { authority, serial }
}

pub(crate) fn partition(authority: i64, of: Option<u32>) -> Partition {
    Partition { authority, municipality: of.map(ward) }
}

/// The moment `weeks` whole weeks after the first Monday of 1970 in Japan began.
pub(crate) const fn week(weeks: i64) -> Moment {
    Moment::from_us((4 * 24 - 9 + weeks * 7 * 24) * 3_600 * 1_000_000)
}

/// A digest of a public key that stands for `n`.
pub(crate) fn digest(n: u64) -> [u8; 32] {
    [sixteen(n), *index(n + 1).as_bytes()].concat().try_into().unwrap()
}

pub(crate) fn authority(id: i64) -> AuthorityRow {
    AuthorityRow {
        id,
        kind: if id % 2 == 1 { authority_kind::SIGNATURE } else { authority_kind::AUTHENTICATION },
        generation: (id + 1) / 2,
        key_label: format!("ca-{id}"),
        algorithm: "p256".into(),
        serial: 1,
        certificate: vec![0x30; 600],
        state: authority_state::ISSUING,
        act: ActId(0),
    }
}

/// An intention for a person; the serial number is the sign of its key, too.
pub(crate) fn intention(authority: i64, serial: u64, person: i64) -> IntentionRow {
    let head = IntentionHead {
        id: id(authority, serial),
        person: PersonId(person),
        municipality: ward(0),
        not_before: week(0),
        not_after: week(260),
        key_digest: digest(serial.wrapping_mul(8).wrapping_add(authority.cast_unsigned())),
        key_generation: 1,
        act: ActId(serial),
    };
    IntentionRow { head, tbs: vec![0x31; 1_100] }
}

pub(crate) fn certificate(authority: i64, serial: u64) -> CertificateRow {
    CertificateRow {
        id: id(authority, serial),
        signature: Some(vec![0x32; 70]),
        act: ActId(serial + 1),
    }
}

/// The outcome of a case that was closed without a certificate.
pub(crate) fn abandoned(authority: i64, serial: u64) -> CertificateRow {
    CertificateRow { signature: None, ..certificate(authority, serial) }
}

pub(crate) fn held(authority: i64, serial: u64) -> CertificateStatusRow {
    CertificateStatusRow {
        id: id(authority, serial),
        municipality: Some(ward(0)),
        state: certificate_state::HELD,
        reason: 6,
        changed_at: week(2),
        invalid_from: None,
        not_after: week(260),
        act: ActId(serial + 2),
    }
}

pub(crate) fn revoked(authority: i64, serial: u64) -> CertificateStatusRow {
    CertificateStatusRow {
        state: certificate_state::REVOKED,
        reason: 1,
        invalid_from: Some(week(1)),
        ..held(authority, serial)
    }
}

pub(crate) fn released(authority: i64, serial: u64) -> CertificateStatusRow {
    CertificateStatusRow { state: certificate_state::RELEASED, ..held(authority, serial) }
}

pub(crate) fn revocation_list(of: Partition, number: u64) -> RevocationListRow {
    RevocationListRow {
        partition: of,
        number,
        published: 0,
        base_number: Some(1),
        base_at: Some(Moment::from_us(1)),
        before_number: None,
        before_at: None,
        this_update: week(number.cast_signed()),
        next_update: week(number.cast_signed() + 1),
        due: None,
    }
}

/// An answer that ends at the begin of a week.
pub(crate) fn ocsp_answer(serial: u64, ends: i64) -> OcspAnswerRow {
    OcspAnswerRow {
        key: OcspKey { id: id(1, serial), id_hash: id_hash::SHA256 },
        this_update: week(ends - 1),
        next_update: week(ends),
        answer: vec![0x33; 900],
    }
}

pub(crate) fn delegate(authority: i64, purpose: i64, serial: u64) -> DelegateRow {
    DelegateRow {
        key: DelegateKey { authority, purpose, serial },
        key_label: format!("delegate-{serial}"),
        not_after: week(serial.cast_signed()),
        certificate: vec![0x30; 500],
        act: ActId(serial),
    }
}

pub(crate) fn responder(serial: u64) -> DelegateRow {
    delegate(1, delegate_purpose::OCSP, serial)
}

pub(crate) fn verifier(name: &str) -> VerifierRow {
    VerifierRow {
        name: name.into(),
        kind: 1,
        state: verifier_state::REGISTERED,
        since: week(3),
        act: ActId(4),
    }
}

/// Authorities 1 and 2.
pub(crate) fn two_authorities() -> Changes {
    Changes { authorities: vec![authority(1), authority(2)], ..Changes::default() }
}

/// Authorities 1 and 2, the first with certificates 2, 3, 4 … of persons 1, 2, 3 …, all issued.
pub(crate) fn issued(count: u64) -> Changes {
    let serials = 2..count + 2;
    Changes {
        persons: (1..=count.cast_signed()).map(crate::rows::person).collect(),
        intentions: serials.clone().map(|n| intention(1, n, n.cast_signed() - 1)).collect(),
        certificates: serials.map(|n| certificate(1, n)).collect(),
        ..two_authorities()
    }
}
