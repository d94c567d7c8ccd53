//! The municipalities' records are digested again under the key of a new epoch, one municipality
//! after the other, while serving.
//!
//! Each has its own key of each epoch, and its records are compared under one of them at any time.
//! While some are under the one and some under the other (seconds for a large city), nothing is
//! compared there; everything else goes on. How far the work has come stands in the store, so that
//! whoever begins it again after a crash goes on with the same municipality.

use crate::commit::transact;
use crate::key_roles::KeyRole;
use crate::platform::Platform;
use crate::work::{Outcome, Work};
use base::{ActId, PersonId, Problem};
use numbers::LocalGovernmentCode;
use policy::Permit;

/// What one transaction left to do.
enum Left {
    /// The rest of this municipality's persons.
    Rest(LocalGovernmentCode, PersonId),
    /// The municipalities after.
    Others,
    /// Nothing; this act says so.
    Nothing(Option<ActId>),
}

/// Moves every municipality to the key in use; how many persons that were, and the act that notes
/// the end.
pub(crate) fn redigest(
    platform: &Platform,
    permit: &Permit,
    progress: &mut dyn FnMut(u64),
) -> Result<(u64, Option<ActId>), Problem> {
    let (mut done, mut at) = (0, None);
    loop {
        let (mut left, mut page) = (Left::Others, 0);
        transact(platform, |work| {
            (left, page) = step(work, permit, at)?;
            Ok(())
        })?;
        done += page;
        progress(done);
        match left {
            Left::Rest(of, after) => at = Some((of, after)),
            Left::Others => at = None,
            Left::Nothing(act) => return Ok((done, act)),
        }
    }
}

fn step(
    work: &mut Work<'_>,
    permit: &Permit,
    at: Option<(LocalGovernmentCode, PersonId)>,
) -> Result<(Left, u64), Problem> {
    let epochs = work.epochs().clone();
    let era = epochs.era(KeyRole::SetDigest);
    if era.oldest == era.current {
        return Ok((Left::Nothing(None), 0));
    }
    let (of, after) = match (at, epochs.digest_moved()) {
        // Another process may have gone on meanwhile: what the store says holds.
        (Some((of, after)), Some((moving, true))) if of == moving => (of, after),
        (_, Some((moving, true))) => (moving, PersonId(0)),
        (_, moved) => match next_sender(work, moved.map(|(of, _)| of))? {
            Some(of) => (of, PersonId(0)),
            None => return end(work, permit, era.current).map(|act| (Left::Nothing(act), 0)),
        },
    };
    let page: Vec<_> =
        work.tx.set_of(of, after, PAGE_PERSONS)?.into_iter().map(|row| row.person).collect();
    let more = page.len() == PAGE_PERSONS;
    work.set_epochs(epochs.with_moved(of, more))?;
    work.load(&page)?;
    page.iter().try_for_each(|person| work.reseal(*person))?;
    let left = match page.last() {
        Some(last) if more => Left::Rest(of, *last),
        _ => Left::Others,
    };
    Ok((left, page.len() as u64))
}

/// The next municipality that has a register here.
fn next_sender(
    work: &mut Work<'_>,
    after: Option<LocalGovernmentCode>,
) -> Result<Option<LocalGovernmentCode>, Problem> {
    let senders = work.tx.all_cursors()?.into_iter().map(|cursor| cursor.municipality);
    Ok(senders.filter(|of| after.is_none_or(|after| *of > after)).min())
}

fn end(work: &mut Work<'_>, permit: &Permit, current: u32) -> Result<Option<ActId>, Problem> {
    let ended = work.epochs().ended(KeyRole::SetDigest, current)?;
    work.set_epochs(ended)?;
    let content = format!("{} is every municipality's", work.epochs().in_use(KeyRole::SetDigest));
    work.record(permit, Outcome::Done, None, content.as_bytes()).map(Some)
}

const PAGE_PERSONS: usize = 1_024;
