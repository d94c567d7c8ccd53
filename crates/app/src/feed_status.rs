//! How far a municipality's feed has come: what is expected, what is missing by name, what waits,
//! what was refused. Reads the feed; shows no person.

use crate::platform::Platform;
use base::{ActId, Problem};
use numbers::LocalGovernmentCode;
use policy::Permit;
use registry::sequence::missing_ranges;
use std::ops::RangeInclusive;

/// The state of a feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedStatus {
    /// The sender.
    pub municipality: LocalGovernmentCode,
    /// The next sequence number to be applied. It is here already where a gap was closed a moment
    /// ago and those behind it are being worked off; what is missing tells what is expected.
    pub next: u64,
    /// Messages that are here and not applied yet.
    pub waiting: u64,
    /// What is missing before those that wait; the first ones, when there are very many.
    pub missing: Vec<RangeInclusive<u64>>,
    /// A page of what was refused: sequence number, label, act.
    pub refused: Vec<(u64, String, ActId)>,
}

/// Tells the state of one feed; `after` and `limit` page through what was refused.
pub fn feed_status(
    platform: &Platform,
    _permit: &Permit,
    municipality: LocalGovernmentCode,
    after: u64,
    limit: usize,
) -> Result<FeedStatus, Problem> {
    crate::stock::registrar(municipality)?;
    let mut status = None;
    platform.store.snapshot("feed_status", &mut |view| {
        let cursor = view.cursors(&[municipality])?.pop().flatten();
        let (next, waiting) = cursor.map_or((1, 0), |cursor| (cursor.next, cursor.waiting));
        let waits = view.messages_open(municipality, true, 0, WAITING_SHOWN_MAX)?;
        let waits: Vec<u64> = waits.iter().map(|row| row.sequence).collect();
        let rows = view.messages_open(municipality, false, after, limit)?;
        let refused =
            rows.into_iter().filter_map(|row| Some((row.sequence, row.label.clone()?, row.act?)));
        let refused = refused.collect();
        let missing = missing_ranges(next, &waits);
        status = Some(FeedStatus { municipality, next, waiting, missing, refused });
        Ok(())
    })?;
    status.ok_or_else(|| crate::work::broken("no snapshot"))
}

/// The feeds in which something waits behind a gap.
pub fn feeds_waiting(platform: &Platform) -> Result<Vec<LocalGovernmentCode>, Problem> {
    let mut waiting = Vec::new();
    platform.store.snapshot("feeds_waiting", &mut |view| {
        let cursors = view.all_cursors()?.into_iter().filter(|cursor| cursor.waiting > 0);
        waiting = cursors.map(|cursor| cursor.municipality).collect();
        Ok(())
    })?;
    Ok(waiting)
}

const WAITING_SHOWN_MAX: usize = 10_000;
