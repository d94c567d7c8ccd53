//! What files alone tell: the certificate, authorities' certificates that the asker trusts, and
//! lists of revoked certificates. Needs no record and no authority of ours.
//!
//! Whether a list counts is judged by the path validation of RFC 5280; only when it says that the
//! certificate is on one is the entry looked up for its time and reason.

use super::{Facts, Fields, Issuer, Reason, Record, explain};
use crate::certificate::{Certificate, State};
use crate::content::CertificateKind;
use crate::trigger::RevocationReason;
use base::Moment;
use x509::path::{self, Question, Revocation, validate};
use x509::{Crl, Serial};

/// The files.
#[derive(Clone, Copy)]
pub struct Files<'a> {
    /// What is said to be a certificate, in DER.
    pub certificate: &'a [u8],
    /// Certificates of authorities, in DER. None: the issuer is not judged.
    pub anchors: &'a [Vec<u8>],
    /// Lists of revoked certificates, in DER.
    pub lists: &'a [Vec<u8>],
}

/// Everything that stands against a certificate as far as files tell, the gravest first.
pub fn explain_files(
    files: &Files<'_>,
    purpose: Option<CertificateKind>,
    now: Moment,
) -> Vec<Reason> {
    let unread =
        Facts { fields: None, issuer: Issuer::Unknown, record: Record::NotAsked, purpose, now };
    let (Ok(read), Ok(leaf)) =
        (x509::Certificate::parse(files.certificate), path::Certificate::parse(files.certificate))
    else {
        return explain(&unread);
    };
    let fields = Fields::of_certificate(&read);
    let issuer = issuer(files, &read, now);
    let unlisted = in_force(fields);
    let found = found_on_lists(files, &leaf, &read, now);
    let known;
    let record = match found {
        OnLists::Nothing => Record::NotAsked,
        OnLists::OutOfDate(until) => Record::ListOutOfDate(until),
        OnLists::Clear => Record::Known(&unlisted),
        OnLists::Entry(state, since) => {
            known = Certificate { state, since, ..unlisted };
            Record::Known(&known)
        }
    };
    explain(&Facts { fields: Some(fields), issuer, record, ..unread })
}

/// What the lists at hand tell.
enum OnLists {
    Nothing,
    OutOfDate(Moment),
    Clear,
    Entry(State, Moment),
}

fn issuer(files: &Files<'_>, read: &x509::Certificate<'_>, now: Moment) -> Issuer {
    if files.anchors.is_empty() {
        return Issuer::NotAsked;
    }
    let anchors = files.anchors.iter().filter_map(|der| x509::Certificate::parse(der).ok());
    let named: Vec<_> = anchors.filter(|anchor| anchor.subject() == read.issuer()).collect();
    let signed = |anchor: &&x509::Certificate<'_>| {
        anchor.public_key().is_ok_and(|key| read.is_signed_by(&key))
    };
    match (named.iter().find(signed), named.is_empty()) {
        (Some(anchor), _) if anchor.not_after().seconds() < now.seconds() => {
            Issuer::Expired(anchor.not_after())
        }
        (Some(_), _) => Issuer::Good,
        // Generations of an authority share a name: another one's key proves nothing.
        (None, false) if names_one_of(&named, read) => Issuer::SignatureWrong,
        (None, _) => Issuer::NotTrusted,
    }
}

/// Whether the certificate names the key of one of these authorities as its issuer's.
fn names_one_of(anchors: &[x509::Certificate<'_>], read: &x509::Certificate<'_>) -> bool {
    let Some(named) = read.authority_key() else { return true };
    let mut keys = anchors.iter().filter_map(|anchor| anchor.public_key().ok());
    keys.any(|key| key.key_identifier() == named)
}

fn found_on_lists(
    files: &Files<'_>,
    leaf: &path::Certificate,
    read: &x509::Certificate<'_>,
    now: Moment,
) -> OnLists {
    let anchors: Vec<_> =
        files.anchors.iter().filter_map(|der| path::Certificate::parse(der).ok()).collect();
    let crls: Vec<_> = files.lists.iter().filter_map(|der| path::Crl::parse(der).ok()).collect();
    let question = Question {
        crls: &crls,
        revocation: Revocation::Required,
        ..Question::new(leaf, &anchors, now)
    };
    match validate(&question).map_err(|refusal| refusal.reason) {
        Ok(_) => OnLists::Clear,
        Err(path::Reason::Revoked | path::Reason::OnHold) => entry(files, read),
        // What was revoked stays revoked, however old the list and whatever else is wrong.
        Err(other) => match entry(files, read) {
            revoked @ OnLists::Entry(State::Revoked(_), since) if since <= now => revoked,
            _ if other == path::Reason::CrlExpired => out_of_date(files, read),
            _ => OnLists::Nothing,
        },
    }
}

/// The newest entry about the certificate on a list of its issuer.
fn entry(files: &Files<'_>, read: &x509::Certificate<'_>) -> OnLists {
    let Some(serial) = read.serial() else { return OnLists::Nothing };
    let newest = lists_of(files, read)
        .filter_map(|list| Some((list.this_update(), found(&list, serial)?)))
        .max_by_key(|(at, _)| *at);
    newest.map_or(OnLists::Nothing, |(_, (state, since))| OnLists::Entry(state, since))
}

fn found(list: &Crl<'_>, serial: Serial) -> Option<(State, Moment)> {
    let entry = list.find(serial)?;
    let code = entry.reason.map_or(0, x509::RevocationReason::code);
    let reason = RevocationReason::ALL.into_iter().find(|reason| reason.code() == code);
    let state = match entry.reason {
        Some(x509::RevocationReason::CertificateHold) => State::Held,
        _ => State::Revoked(reason.unwrap_or(RevocationReason::Unspecified)),
    };
    Some((state, entry.revoked_at))
}

fn out_of_date(files: &Files<'_>, read: &x509::Certificate<'_>) -> OnLists {
    let until = lists_of(files, read).filter_map(|list| list.next_update()).max();
    until.map_or(OnLists::Nothing, OnLists::OutOfDate)
}

/// Lists of the certificate's issuer, signed by the trusted authority that signed the certificate:
/// generations share a name, and each has serial numbers of its own.
fn lists_of<'a>(files: &Files<'a>, read: &x509::Certificate<'a>) -> impl Iterator<Item = Crl<'a>> {
    let issuer = read.issuer();
    let anchors = files.anchors.iter().filter_map(|der| x509::Certificate::parse(der).ok());
    let keys = anchors.filter_map(|anchor| anchor.public_key().ok());
    let keys: Vec<_> = keys.filter(|key| read.is_signed_by(key)).collect();
    let lists = files.lists.iter().filter_map(|der| Crl::parse(der).ok());
    lists.filter(move |list| {
        list.issuer() == issuer && keys.iter().any(|key| list.is_signed_by(key))
    })
}

fn in_force(fields: Fields) -> Certificate {
    Certificate {
        kind: fields.kind.unwrap_or(CertificateKind::Signature),
        serial: 0,
        not_before: fields.not_before,
        not_after: fields.not_after,
        state: State::InForce,
        since: fields.not_before,
    }
}
