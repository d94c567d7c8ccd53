//! Messages that waited behind a gap are worked off once it is closed: in their order, so many in
//! one transaction, the rest in the next ones. Reads and writes what `resident_event` does.
//!
//! Where a feed stands is in the store alone: the cursor, and a message that waits at its place. So
//! whoever comes first goes on, after a crash too.

use crate::commit::transact_observed;
use crate::keyed::{KeyedMessage, keyed};
use crate::platform::Platform;
use crate::resident_event::{apply, feed_permit, open_waiting};
use crate::work::Work;
use base::Problem;
use numbers::LocalGovernmentCode;
use policy::Permit;
use ports::rows::{Changes, FeedMessageRow};
use std::collections::BTreeSet;

/// The feeds in which a message waits at the very place that is next.
pub(crate) fn feeds_ready(platform: &Platform) -> Result<BTreeSet<LocalGovernmentCode>, Problem> {
    let mut ready = BTreeSet::new();
    platform.store.snapshot("feeds_ready", &mut |view| {
        let cursors = view.all_cursors()?.into_iter().filter(|cursor| cursor.waiting > 0);
        let next: Vec<_> = cursors.map(|cursor| (cursor.municipality, cursor.next)).collect();
        let rows = view.messages(&next)?.into_iter().flatten();
        ready = rows.filter(|row| row.act.is_none()).map(|row| row.municipality).collect();
        Ok(())
    })?;
    Ok(ready)
}

/// Works off at most `most` messages of a feed in one transaction; whether there is more to do.
pub(crate) fn work_off_some(
    platform: &Platform,
    of: LocalGovernmentCode,
    most: usize,
    observe: &mut dyn FnMut(Changes),
) -> Result<bool, Problem> {
    let permit = feed_permit(of)?;
    let mut left = false;
    let act = |work: &mut Work<'_>| {
        work.may_work_off(most);
        work_off(work, &permit, of)?;
        left = work.feeds_left().contains(&of);
        Ok(())
    };
    transact_observed(platform, act, observe)?;
    Ok(left)
}

/// Applies what waits at a feed's next places, as much as this transaction may.
pub(crate) fn work_off(
    work: &mut Work<'_>,
    permit: &Permit,
    of: LocalGovernmentCode,
) -> Result<(), Problem> {
    let mut cursor = work.cursor(of)?;
    // Most gaps close before few messages: look for few, and for more while they follow each other.
    let mut page_messages = 1;
    while cursor.waiting > 0 {
        let page = work.waiting_from(of, cursor.next, page_messages)?;
        if page.is_empty() {
            break;
        }
        for waited in ready(work, &page)? {
            apply(work, permit, &waited)?;
            cursor.next += 1;
            cursor.waiting -= 1;
        }
        work.keep_cursor(cursor.clone());
        page_messages = (page_messages * 8).min(PAGE_MESSAGES_MAX);
    }
    Ok(())
}

/// Opens messages that waited and loads what they need.
fn ready(work: &mut Work<'_>, rows: &[FeedMessageRow]) -> Result<Vec<KeyedMessage>, Problem> {
    let messages: Result<Vec<_>, _> =
        rows.iter().map(|row| open_waiting(work.own_key(), row)).collect();
    let ready = keyed(work.platform(), messages?)?;
    work.prefetch(&ready)?;
    Ok(ready)
}

const PAGE_MESSAGES_MAX: usize = 512;
