//! How the certification authorities fare: what they have issued, when their lists and the keys
//! that act for them end. Reads rows that name no person: no act.

use crate::authorities::{Authorities, Authority};
use crate::platform::Platform;
use crate::revocation_list::all_lists;
use base::{Moment, Problem};
use ports::View;
use ports::rows::{
    RevocationListRow, StatusCounts, authority_state, delegate_purpose, week_in_japan,
};
use std::sync::Arc;

/// One authority.
#[derive(Clone, Debug)]
pub struct AuthorityStatus {
    /// The authority.
    pub authority: Arc<Authority>,
    /// Certificates whose time is not over in the week of asking and that are not revoked, held
    /// ones too.
    pub unrevoked: u64,
    /// All that were ever held or revoked, by what they are now.
    pub counts: StatusCounts,
    /// Its lists, by partition.
    pub lists: Vec<RevocationListRow>,
    /// When its newest responder of OCSP ends; `None` where there was none.
    pub responder_until: Option<Moment>,
    /// When its newest time-stamping certificate ends; `None` where there was none.
    pub stamper_until: Option<Moment>,
}

impl AuthorityStatus {
    /// When the first of its lists ends.
    pub fn first_list_ends(&self) -> Option<Moment> {
        self.lists.iter().filter(|list| list.number > 0).map(|list| list.next_update).min()
    }

    /// Lists that are to be signed again by now.
    pub fn lists_due(&self, now: Moment) -> usize {
        self.lists.iter().filter(|list| list.due.is_some_and(|due| due <= now)).count()
    }

    /// Lists that have ended, or were never made though they are long due.
    pub fn lists_ended(&self, now: Moment) -> usize {
        let late = now.plus_us(-LIST_MADE_WITHIN_US);
        let ended = |list: &&RevocationListRow| match list.number {
            0 => list.due.is_none_or(|due| due < late),
            _ => list.next_update < now,
        };
        self.lists.iter().filter(ended).count()
    }

    /// Whether everything that others need of it is there: it has not ended itself, no list has,
    /// and an OCSP responder is good. Of a revoked authority nothing but its lists is needed.
    pub fn holds(&self, now: Moment) -> bool {
        let revoked = self.authority.row.state == authority_state::REVOKED;
        let answers = self.responder_until.is_some_and(|until| until >= now);
        let ended = self.authority.issuer.not_after < now;
        ended || (self.lists_ended(now) == 0 && (revoked || answers))
    }
}

/// How all authorities fare.
pub fn authority_status(platform: &Platform) -> Result<Vec<AuthorityStatus>, Problem> {
    let now = platform.clock.now();
    let mut found = Vec::new();
    platform.store.snapshot("authority_status", &mut |view| {
        let authorities = Authorities::read(view)?;
        let lists = all_lists(view)?;
        let one = |authority: &Arc<Authority>| status(view, authority, &lists, now);
        found = authorities.iter().map(one).collect::<Result<_, _>>()?;
        Ok(())
    })?;
    Ok(found)
}

fn status(
    view: &mut (impl View + ?Sized),
    authority: &Arc<Authority>,
    lists: &[RevocationListRow],
    now: Moment,
) -> Result<AuthorityStatus, Problem> {
    let id = authority.id();
    let own = lists.iter().filter(|list| list.partition.authority == id);
    let lists: Vec<_> = own.cloned().collect();
    let mut counts = StatusCounts::default();
    for list in &lists {
        let of = view.status_counts(list.partition)?;
        counts.revoked += of.revoked;
        counts.held += of.held;
        counts.released += of.released;
    }
    let mut until = |purpose| -> Result<Option<Moment>, Problem> {
        Ok(view.newest_delegates(id, purpose, 1)?.first().map(|newest| newest.not_after))
    };
    let responder_until = until(delegate_purpose::OCSP)?;
    let stamper_until = until(delegate_purpose::TIME_STAMP)?;
    let unrevoked = unrevoked(view, id, now)?;
    let authority = Arc::clone(authority);
    Ok(AuthorityStatus { authority, unrevoked, counts, lists, responder_until, stamper_until })
}

fn unrevoked(view: &mut (impl View + ?Sized), authority: i64, now: Moment) -> Result<u64, Problem> {
    let (mut count, mut after) = (0, (week_in_japan(now), None));
    loop {
        let page = view.expiries(authority, after, i64::MAX, ROWS_AT_A_TIME)?;
        let Some(row) = page.last() else { return Ok(count) };
        after = (row.week, Some(row.municipality));
        count += page.iter().map(|row| row.certificates.saturating_sub(row.revoked)).sum::<u64>();
    }
}

const ROWS_AT_A_TIME: usize = 16_384;
/// A minute: a revocation is on its list by then.
const LIST_MADE_WITHIN_US: i64 = 60_000_000;
