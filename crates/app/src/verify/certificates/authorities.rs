//! The authorities' own certificates and those of their delegates, and the lists that are
//! published.

use super::acts::{Acts, Told};
use crate::authorities::{Authorities, Authority};
use crate::meant::{Meant, authority_setting, delegate_setting};
use crate::platform::Platform;
use crate::revocation_list::{lasting_fault, lists_after};
use crate::verify::{VerifyReport, Walk};
use base::{ActId, Problem, labels};
use policy::Action;
use ports::rows::{DelegateRow, Partition, delegate_purpose};
use ports::{Publication, View};
use std::collections::BTreeSet;
use x509::{Certificate, Serial};

impl Walk<'_> {
    /// An authority and its delegates; the serial numbers of their certificates.
    pub(super) fn authority(
        &mut self,
        view: &mut dyn View,
        authority: &Authority,
    ) -> Result<BTreeSet<u64>, Problem> {
        let row = &authority.row;
        let acts = Acts::read(view, [row.act].into_iter())?;
        let done = self.is_own(&acts, row.act, Action::AuthorityInit, &row.certificate);
        if let Some(fault) = self.root(authority).or((!done).then_some("no act founded it")) {
            self.report.fault(format!("authority {}: {fault}", row.id));
        }
        let mut serials = BTreeSet::from([row.serial]);
        for purpose in PURPOSES {
            let meant = Meant::read(view, &delegate_setting(row.id, purpose))?;
            let pending = meant.iter().count() as u64;
            serials.extend(meant.map(|meant| meant.serial));
            let delegates = view.newest_delegates(row.id, purpose, usize::MAX)?;
            let acts = Acts::read(view, delegates.iter().map(|row| row.act))?;
            for delegate in &delegates {
                serials.insert(delegate.key.serial);
                if let Some(fault) = self.delegate(authority, delegate, &acts) {
                    let serial = delegate.key.serial;
                    self.report.fault(format!("delegate {} {serial}: {fault}", row.id));
                }
            }
            let made = delegates.len() as u64;
            self.tallies.counted(Action::CertificateIssue, "intended", made + pending);
            self.tallies.counted(Action::CertificateIssue, "done", made);
        }
        Ok(serials)
    }

    /// Each authority was meant and founded, those that issue no more were retired, and at most one
    /// more is meant.
    pub(super) fn founding(
        &mut self,
        view: &mut dyn View,
        authorities: &Authorities,
    ) -> Result<(), Problem> {
        let made = authorities.iter().count() as u64;
        let next = authorities.iter().map(|authority| authority.id()).max().unwrap_or(0) + 1;
        let pending = u64::from(Meant::read(view, &authority_setting(next))?.is_some());
        self.tallies.counted(Action::AuthorityInit, "intended", made + pending);
        self.tallies.counted(Action::AuthorityInit, "done", made);
        let retired = authorities.iter().filter(|authority| !authority.issues()).count() as u64;
        self.tallies.counted(Action::AuthorityRetire, "done", retired);
        Ok(())
    }

    fn root(&self, authority: &Authority) -> Option<&'static str> {
        let row = &authority.row;
        let Ok(read) = Certificate::parse(&row.certificate) else { return Some("no certificate") };
        if !read.is_signed_by(authority.public()) {
            return Some("its certificate is not signed by its key");
        }
        if read.serial() != Serial::try_from(row.serial).ok()
            || authority.algorithm().word() != row.algorithm
        {
            return Some("its certificate is another one");
        }
        match self.platform.keys.public_key(&authority.key) {
            Ok(public) if public == *authority.public() => None,
            Ok(_) => Some("its key is another one"),
            Err(problem) if problem.label() != labels::KEY_ABSENT.text => Some(problem.label()),
            Err(_) => authority.issues().then_some("its key is not there"),
        }
    }

    fn delegate(
        &self,
        authority: &Authority,
        row: &DelegateRow,
        acts: &Acts,
    ) -> Option<&'static str> {
        let Ok(read) = Certificate::parse(&row.certificate) else { return Some("no certificate") };
        if !read.is_signed_by(authority.public()) {
            return Some("not signed by its authority");
        }
        if read.serial() != Serial::try_from(row.key.serial).ok()
            || read.not_after() != row.not_after
        {
            return Some("its certificate is another one");
        }
        let made = self.is_own(acts, row.act, Action::CertificateIssue, &row.certificate);
        (!made).then_some("no act made it")
    }

    /// Whether an act of the platform's own commits to these bytes.
    fn is_own(&self, acts: &Acts, act: ActId, action: Action, certificate: &[u8]) -> bool {
        let digest = x509::sha256(certificate);
        let key = self.own_key.as_ref();
        acts.tell(act, &Told { subjects: &[], key, content: Some(&digest) }, &[action], "done")
    }
}

/// Holds the published lists against those on record.
///
/// A list goes on record, is signed and published, and that its files are in their places goes on
/// record too. So each file is to be there under a number between the two: a crash on the way is no
/// fault (`RevocationLists::recover` mends it), and one that was lost, changed or put back is.
pub fn verify_lists(
    platform: &Platform,
    place: &dyn Publication,
    report: &mut VerifyReport,
) -> Result<(), Problem> {
    let mut after = Partition::ZERO;
    loop {
        let page = lists_after(platform, after)?;
        let Some((_, last)) = page.last() else { return Ok(()) };
        after = last.partition;
        for (authority, row) in page {
            report.lists += u64::from(row.number > 0);
            let Partition { authority: id, municipality } = row.partition;
            let places = (platform, place);
            let found = lasting_fault(places, &authority, row, |row| row.published)?;
            if let (_, Some(fault)) = found {
                let of = municipality.map_or_else(String::new, |of| format!(" of {of}"));
                report.fault(format!("list {id}{of}: {fault}"));
            }
        }
    }
}

const PURPOSES: [i64; 2] = [delegate_purpose::OCSP, delegate_purpose::TIME_STAMP];
