//! The certification authority's part of the walk: what was meant, what came of it and what holds
//! of it now, each against the others, the keys and the acts.
//!
//! Pages through the intentions of each authority; what is kept meanwhile are the counts of what
//! ends by week and municipality. Whether acts are left without their rows is told by sums, in
//! `acts`.

mod acts;
mod authorities;
mod lists;

use super::Walk;
use crate::authorities::{Authorities, Authority};
use crate::certificate_issue::outcome_content;
use crate::certificates::tbs_place;
use crate::key_roles::KeyRole;
use crate::work::{generation_of, open_key};
pub(super) use acts::Tallies;
use acts::{Acts, Told};
pub use authorities::verify_lists;
use authority::profile::Partition as Point;
use authority::trigger::RevocationReason;
use base::{ActId, PersonId, Problem};
use lists::Lists;
use numbers::LocalGovernmentCode;
use policy::Action;
use ports::View;
use ports::rows::{
    CertificateRow, CertificateStatusRow, ExpiryRow, IntentionHead, IntentionRow, Partition,
    certificate_state, week_in_japan,
};
use seal::OpenedKey;
use std::collections::{BTreeMap, BTreeSet};
use x509::{Certificate, Serial, assemble, extension_id};
use zeroize::Zeroizing;

/// How many certificates end in a week and municipality, and how many of them are revoked.
type Ends = BTreeMap<(i64, LocalGovernmentCode), (u64, u64)>;

/// A certificate from its intention on, with what opens it.
struct Case {
    intention: IntentionRow,
    outcome: Option<CertificateRow>,
    status: Option<CertificateStatusRow>,
    key: Option<OpenedKey>,
}

impl Walk<'_> {
    /// Everything that the authorities have meant, signed and said.
    pub(super) fn certificates(&mut self, view: &mut dyn View) -> Result<(), Problem> {
        let authorities = Authorities::read(view)?;
        let lists = Lists::read(view)?;
        for authority in authorities.iter() {
            let others = self.authority(view, authority)?;
            self.of_authority(view, (authority, &lists), others)?;
            self.own_statuses(view, authority)?;
        }
        self.founding(view, &authorities)
    }

    /// The certificates of an authority; `others` are the serial numbers of its own ones.
    fn of_authority(
        &mut self,
        view: &mut dyn View,
        (authority, lists): (&Authority, &Lists),
        mut others: BTreeSet<u64>,
    ) -> Result<(), Problem> {
        let (mut after, mut expected) = (0, 1);
        let mut ends = Ends::new();
        loop {
            let page = view.intentions_page(authority.id(), after, PAGE_ROWS)?;
            let Some(last) = page.last() else { break };
            after = last.head.id.serial;
            let cases = self.cases(view, page)?;
            let acts = Acts::read(view, cases.iter().flat_map(Case::acts))?;
            for case in &cases {
                let serial = case.intention.head.id.serial;
                self.serials((authority.id(), &mut others), expected..serial);
                expected = serial + 1;
                let fault = self.case(authority, case, &acts)?;
                let of_list = lists.fault(&case.intention.head, case.status.as_ref());
                if let Some(fault) = fault.or(of_list) {
                    self.report.fault(format!("certificate {} {serial}: {fault}", authority.id()));
                }
                count_end(&mut ends, case);
            }
            self.report.certificates += cases.len() as u64;
            (self.progress)(self.report.walked());
        }
        let last = others.last().map_or(expected, |last| last + 1);
        self.serials((authority.id(), &mut others), expected..last);
        self.ends(view, authority, &ends)
    }

    /// Nothing is said of the authority's own certificates and its delegates': no act does that.
    fn own_statuses(&mut self, view: &mut dyn View, authority: &Authority) -> Result<(), Problem> {
        let own = Partition { authority: authority.id(), municipality: None };
        for row in view.statuses_page(own, None, 0, super::FAULTS_KEPT_MAX)? {
            let serial = row.id.serial;
            self.report.fault(format!(
                "certificate {} {serial}: no act says how it stands",
                own.authority
            ));
        }
        Ok(())
    }

    /// Serial numbers are given one after the other: what is not a person's is the authority's own.
    fn serials(
        &mut self,
        (authority, others): (i64, &mut BTreeSet<u64>),
        between: std::ops::Range<u64>,
    ) {
        for serial in between.take(super::FAULTS_KEPT_MAX) {
            if !others.remove(&serial) {
                self.report.fault(format!("certificate {authority} {serial}: missing"));
            }
        }
    }

    fn cases(
        &mut self,
        view: &mut dyn View,
        page: Vec<IntentionRow>,
    ) -> Result<Vec<Case>, Problem> {
        let ids: Vec<_> = page.iter().map(|row| row.head.id).collect();
        let places: Vec<_> =
            page.iter().map(|row| (Some(row.head.municipality), row.head.id)).collect();
        let persons: Vec<_> = page.iter().map(|row| row.head.person).collect();
        let (outcomes, statuses) = (view.certificates(&ids)?, view.statuses(&places)?);
        let keys = self.keys_of(view, &persons)?;
        let rows = page.into_iter().zip(outcomes).zip(statuses).zip(keys);
        let case = |(((intention, outcome), status), key)| Case { intention, outcome, status, key };
        Ok(rows.map(case).collect())
    }

    /// The data keys of persons; none of those who were disposed of. What else is wrong with a key
    /// is told of its person.
    fn keys_of(
        &self,
        view: &mut dyn View,
        persons: &[PersonId],
    ) -> Result<Vec<Option<OpenedKey>>, Problem> {
        let open = |row: Option<_>| row.and_then(|row| open_key(self.platform, &row).ok());
        Ok(view.data_keys(persons)?.into_iter().map(open).collect())
    }

    /// The pseudonyms of a person, of all epochs: an act keeps that of its time.
    fn pseudonyms(&self, person: PersonId) -> Result<Vec<[u8; 16]>, Problem> {
        let keys = self.epochs.counting(KeyRole::Pseudonym)?;
        keys.iter().map(|key| self.platform.pseudonym(key, person)).collect()
    }

    /// What is wrong with a certificate; `None` for nothing.
    fn case(
        &mut self,
        authority: &Authority,
        case: &Case,
        acts: &Acts,
    ) -> Result<Option<&'static str>, Problem> {
        let head = &case.intention.head;
        for act in case.acts_of_its_own() {
            self.tallies.row(acts, act);
        }
        let subjects = self.pseudonyms(head.person)?;
        let told = Told { subjects: &subjects, key: case.key.as_ref(), content: None };
        let intended = acts.tell(head.act, &told, &[Action::CertificateIssue], "intended");
        if !intended {
            return Ok(Some("no act allowed it"));
        }
        self.report.open_certificates += u64::from(case.outcome.is_none());
        let tbs = match &case.key {
            None => None,
            Some(key) => match opened(authority, head, key, &case.intention.tbs) {
                Ok(tbs) => Some(tbs),
                Err(fault) => return Ok(Some(fault)),
            },
        };
        if let Some(fault) =
            self.outcome(authority, case, acts, (&subjects, tbs.as_ref().map(|tbs| &tbs[..])))
        {
            return Ok(Some(fault));
        }
        Ok(self.status(case, acts, &subjects))
    }

    fn outcome(
        &self,
        authority: &Authority,
        case: &Case,
        acts: &Acts,
        (subjects, tbs): (&[[u8; 16]], Option<&[u8]>),
    ) -> Option<&'static str> {
        let Some(CertificateRow { id, signature, act }) = &case.outcome else {
            return case.status.is_some().then_some("something is said of what is still open");
        };
        let key = case.key.as_ref();
        let Some(signature) = signature else {
            let closing =
                [Action::CertificateIssue, Action::CertificateRevoke, Action::CertificateHold];
            let closed = acts.tell(*act, &Told { subjects, key, content: None }, &closing, "done");
            let listed = case.status.as_ref().is_some_and(|row| {
                row.act == *act && row.state == certificate_state::REVOKED && row.reason == 0
            });
            return (!closed)
                .then_some("no act closed it")
                .or((!listed).then_some("closed, and not revoked"));
        };
        if tbs.is_some_and(|tbs| !authority.public().has_signed(tbs, signature)) {
            return Some("the signature is not the authority's over what was meant");
        }
        let content = tbs.map(|tbs| outcome_content(*id, tbs));
        let told = Told { subjects, key, content: content.as_deref() };
        let issued = acts.tell(*act, &told, &[Action::CertificateIssue], "done");
        (!issued).then_some("no act put it in force")
    }

    fn status(&self, case: &Case, acts: &Acts, subjects: &[[u8; 16]]) -> Option<&'static str> {
        let row = case.status.as_ref()?;
        let outcome = case.outcome.as_ref()?;
        if acts.at(row.act).is_none_or(|at| row.changed_at < at) {
            return Some("changed before its act");
        }
        outcome.signature.as_ref()?;
        let action = match row.state {
            certificate_state::REVOKED => Action::CertificateRevoke,
            certificate_state::HELD => Action::CertificateHold,
            _ => Action::CertificateRelease,
        };
        let told = Told { subjects, key: case.key.as_ref(), content: None };
        if !acts.tell(row.act, &told, &[action], "done") {
            return Some("no act says how it stands");
        }
        let revoked = row.state == certificate_state::REVOKED;
        let known = u8::try_from(row.reason).ok().and_then(RevocationReason::from_code);
        let fits = if revoked { known.is_some() } else { row.reason == CERTIFICATE_HOLD };
        (!fits).then_some("its reason does not go with its state")
    }

    /// The counts of what ends, against those that were made on the way.
    fn ends(
        &mut self,
        view: &mut dyn View,
        authority: &Authority,
        ends: &Ends,
    ) -> Result<(), Problem> {
        let mut stored = Ends::new();
        let mut after = (i64::MIN, None);
        loop {
            let page = view.expiries(authority.id(), after, i64::MAX, PAGE_ROWS)?;
            let Some(last) = page.last() else { break };
            after = (last.week, Some(last.municipality));
            let some = |row: &&ExpiryRow| (row.certificates, row.revoked) != (0, 0);
            let counts =
                |row: &ExpiryRow| ((row.week, row.municipality), (row.certificates, row.revoked));
            stored.extend(page.iter().filter(some).map(counts));
        }
        let places: BTreeSet<_> = stored.keys().chain(ends.keys()).collect();
        for place @ (week, of) in places {
            if stored.get(place) != ends.get(place) {
                let id = authority.id();
                self.report.fault(format!("what ends of {id} in {of}, week {week}: miscounted"));
            }
        }
        Ok(())
    }
}

/// The bytes to be signed, if they say what the head says.
fn opened(
    authority: &Authority,
    head: &IntentionHead,
    key: &OpenedKey,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let generation = generation_of(head.key_generation).map_err(|_| "its key has no generation")?;
    let tbs = key.open(&tbs_place(head.id, generation), sealed).map_err(|_| "does not open")?;
    let shown = assemble(&tbs, authority.algorithm(), &[]);
    let shown = Certificate::parse(&shown).map_err(|_| "is no certificate")?;
    let serial = Serial::try_from(head.id.serial).ok();
    let key = shown.public_key().map_err(|_| "has no key")?;
    let list = authority.issuer.list_path(Point::Municipality(head.municipality));
    let points = shown.extension(&extension_id::CRL_DISTRIBUTION_POINTS);
    // Points may be named by directory name alone.
    let names_list =
        points.is_some_and(|points| holds(points.value, &list) || !holds(points.value, "://"));
    let agrees = [
        (shown.serial() == serial, "was meant under another serial number"),
        (shown.issuer_name().as_ref() == Ok(&authority.issuer.name), "names another issuer"),
        (
            (shown.not_before(), shown.not_after()) == (head.not_before, head.not_after),
            "was meant for another time",
        ),
        (x509::sha256(&key.to_spki()) == head.key_digest, "was meant for another key"),
        (names_list, "names another list"),
    ];
    match agrees.iter().find(|(agrees, _)| !agrees) {
        Some((_, fault)) => Err(fault),
        None => Ok(tbs),
    }
}

impl Case {
    /// The acts that its rows name.
    fn acts(&self) -> impl Iterator<Item = ActId> + use<> {
        let outcome = self.outcome.as_ref().map(|row| row.act);
        let status = self.status.as_ref().map(|row| row.act);
        [Some(self.intention.head.act), outcome, status].into_iter().flatten()
    }

    /// Those of them that led to one row: a closed case has outcome and status of one act, and the
    /// acts of a hold that ended are no longer named.
    fn acts_of_its_own(&self) -> impl Iterator<Item = ActId> + use<> {
        let revoked = |row: &&CertificateStatusRow| {
            let issued = self.outcome.as_ref().is_some_and(|row| row.signature.is_some());
            issued && row.state == certificate_state::REVOKED
        };
        let outcome = self.outcome.as_ref().map(|row| row.act);
        let status = self.status.as_ref().filter(revoked).map(|row| row.act);
        [Some(self.intention.head.act), outcome, status].into_iter().flatten()
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn count_end(ends: &mut Ends, case: &Case) {
    if case.outcome.as_ref().is_some_and(|row| row.signature.is_none()) {
        return;
    }
    let head = &case.intention.head;
    let revoked = |row: &CertificateStatusRow| row.state == certificate_state::REVOKED;
    let counts = ends.entry((week_in_japan(head.not_after), head.municipality)).or_default();
    counts.0 += 1;
    counts.1 += u64::from(case.status.as_ref().is_some_and(revoked));
}

const CERTIFICATE_HOLD: i64 = 6;
const PAGE_ROWS: usize = 1_024;
