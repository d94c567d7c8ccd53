//! What the platform does by itself between its callers' jobs: messages that waited behind a gap
//! are worked off, and answers older than a day are forgotten.
//!
//! Each chore is a short transaction of its own, so that nobody waits long behind one. What there
//! is to do is looked for in the store, at the start and every few minutes: a crash costs nothing.

use crate::feed_backlog::{feeds_ready, work_off_some};
use crate::once::Forgetting;
use crate::platform::Platform;
use base::{Moment, Problem, Remedy, limits};
use numbers::LocalGovernmentCode;
use std::collections::BTreeSet;
use std::time::Duration;

/// What there is to do on a platform.
pub(crate) struct Chores<'a> {
    platform: &'a Platform,
    /// Feeds in which messages wait that can be applied.
    feeds: BTreeSet<LocalGovernmentCode>,
    forgetting: Option<Forgetting>,
    looked: Option<Moment>,
    /// The last one was not done: nothing is tried again before this.
    resume: Option<Moment>,
}

impl<'a> Chores<'a> {
    pub(crate) fn new(platform: &'a Platform) -> Self {
        let feeds = BTreeSet::new();
        Self { platform, feeds, forgetting: None, looked: None, resume: None }
    }

    /// Takes note of feeds that a transaction left with something to do.
    pub(crate) fn feeds_left(&mut self, feeds: BTreeSet<LocalGovernmentCode>) {
        self.feeds.extend(feeds);
    }

    /// How long the next one can wait while there are no jobs.
    pub(crate) fn rest(&self) -> Duration {
        let idle = self.looked.is_some() && self.feeds.is_empty() && self.forgetting.is_none();
        if idle || self.resume.is_some() { PAUSE } else { Duration::ZERO }
    }

    /// Does the next one, if there is any.
    pub(crate) fn one(&mut self) {
        let now = self.platform.clock.now();
        if self.resume.is_some_and(|resume| now < resume) {
            return;
        }
        self.resume = None;
        if let Err(problem) = self.look(now).and_then(|()| self.next()) {
            let (label, detail) = (problem.label(), problem.detail_text());
            tracing::error!(label, detail, "a chore failed");
            self.resume = Some(now.plus_us(PAUSE_US));
        }
    }

    fn look(&mut self, now: Moment) -> Result<(), Problem> {
        if self.looked.is_some_and(|looked| now < looked.plus_us(LOOK_EVERY_US)) {
            return Ok(());
        }
        self.feeds.extend(feeds_ready(self.platform)?);
        self.forgetting = Some(Forgetting::begin(self.platform, now)?);
        self.looked = Some(now);
        Ok(())
    }

    fn next(&mut self) -> Result<(), Problem> {
        if let Some(of) = self.feeds.pop_first() {
            let left = work_off_some(self.platform, of, limits::FEED_DRAIN_MAX, &mut |_| {});
            // What is broken is an operator's affair: the others go on meanwhile.
            let again = |problem: &Problem| problem.remedy() == Remedy::Again;
            if left.as_ref().map_or_else(again, |left| *left) {
                self.feeds.insert(of);
            }
            left?;
        } else if let Some(mut forgetting) = self.forgetting.take()
            && forgetting.page(self.platform)?
        {
            self.forgetting = Some(forgetting);
        }
        Ok(())
    }
}

const PAUSE: Duration = Duration::from_secs(10);
const PAUSE_US: i64 = 10 * 1_000_000;
const LOOK_EVERY_US: i64 = 10 * 60 * 1_000_000;
