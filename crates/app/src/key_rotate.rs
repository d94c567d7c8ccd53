//! A key is followed by one of the next epoch, while the platform serves.
//!
//! Which epoch is in use stands in the store, and each transaction goes by it: other processes take
//! a rotation over with their next transaction. Each step is an act and a transaction of its own;
//! after a crash the same command goes on where it stopped, and begins no second rotation while
//! one is open. What becomes of the former key says `KeyRole::rotation`.

use crate::commit::transact;
use crate::epochs::Era;
use crate::key_generate::{check_kind, fingerprint, not_rotatable};
use crate::key_roles::{KeyRole, Rotation};
use crate::permits::permit;
use crate::platform::Platform;
use crate::publish::keep_former_keys;
use crate::redigest::redigest;
use crate::rewrap::{note_rewrapped, rewrap};
use crate::work::{Outcome, Work, broken};
use base::{ActId, Actor, Moment, Problem, Purpose, labels};
use policy::{Action, Permit};
use ports::{KeyInfo, KeyLabel};

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// The key.
    pub role: KeyRole,
    /// The epoch that is to be in use at the end: asked again, nothing is done twice. Without it
    /// the next one.
    pub to: Option<u32>,
    /// End the overlap: from now on the former key counts no more.
    pub finish: bool,
}

/// What was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rotated {
    /// The key in use.
    pub key: KeyLabel,
    /// The act that put it into use, if this call did.
    pub begun: Option<ActId>,
    /// The act that says that the former key is done with, if this call brought that about.
    pub ended: Option<ActId>,
    /// What was moved to the new key: data keys, or persons.
    pub moved: u64,
    /// The former keys that count still.
    pub former: Vec<KeyLabel>,
}

/// Rotates a key, as `operator` says. `progress` is told how much was moved.
///
/// # Errors
/// `key_not_rotatable`; `key_rotation` when it cannot be done now; `permit_refused`.
pub fn key_rotate(
    platform: &Platform,
    operator: &Actor,
    asked: &Asked,
    progress: &mut dyn FnMut(u64),
) -> Result<Rotated, Problem> {
    let may = permit(operator, Action::KeyRotate, Purpose::Operation, None)?;
    let role = asked.role;
    let rotation = role.rotation();
    let (mut begun, mut ended, mut moved) = (None, None, 0);
    match rotation {
        Rotation::Never(why) => return Err(not_rotatable(role, why)),
        Rotation::Overlaps if asked.finish => ended = finish(platform, &may, role)?,
        _ if asked.finish => {
            let detail = format!("{}: the former key is not ended by command", role.name());
            return Err(Problem::new(&labels::KEY_ROTATION, detail));
        }
        _ => begun = key_rotate_begin(platform, operator, role, asked.to)?,
    }
    if role == KeyRole::Kek {
        moved = rewrap(platform, progress)?;
        let may = permit(operator, Action::Rewrap, Purpose::Operation, None)?;
        ended = note_rewrapped(platform, &may)?;
    }
    if role == KeyRole::SetDigest {
        (moved, ended) = redigest(platform, &may, progress)?;
    }
    let epochs = platform.epochs_within(std::time::Duration::ZERO)?;
    let mut counting = epochs.counting(role)?.into_iter();
    let key = counting.next().ok_or_else(|| broken("no key in use"))?;
    Ok(Rotated { key, begun, ended, moved, former: counting.collect() })
}

/// The first step alone: puts the key of the next epoch into use. None where that was done before.
pub fn key_rotate_begin(
    platform: &Platform,
    operator: &Actor,
    role: KeyRole,
    to: Option<u32>,
) -> Result<Option<ActId>, Problem> {
    let permit = permit(operator, Action::KeyRotate, Purpose::Operation, None)?;
    let mut act = None;
    transact(platform, |work| {
        act = None;
        let era = work.epochs().era(role);
        if begins(role, era, to, work.now())? {
            act = Some(begin(work, &permit, role, era)?);
        }
        Ok(())
    })?;
    Ok(act)
}

/// Whether a new epoch begins, or the one that is there is gone on with.
fn begins(role: KeyRole, era: Era, to: Option<u32>, now: Moment) -> Result<bool, Problem> {
    let refused = |why: String| Err(Problem::new(&labels::KEY_ROTATION, why));
    let next = era.current + 1;
    match to {
        Some(to) if to <= era.current => return Ok(false),
        Some(to) if to > next => return refused(format!("the next epoch is {next}")),
        _ => {}
    }
    let open = match role.rotation() {
        Rotation::Never(why) => return Err(not_rotatable(role, why)),
        Rotation::Onwards => false,
        Rotation::Moves | Rotation::Overlaps => era.oldest < era.current,
    };
    if open && !outlived(role, era, now) {
        let open = format!("the rotation to epoch {} is not ended", era.current);
        return if to.is_some() { refused(open) } else { Ok(false) };
    }
    Ok(true)
}

/// Whether nothing that was signed with the former keys can be valid any more.
pub(crate) fn outlived(role: KeyRole, era: Era, now: Moment) -> bool {
    role == KeyRole::Token && now >= era.since.plus_us(TOKEN_VALID_S_MAX * 1_000_000)
}

fn begin(work: &mut Work<'_>, permit: &Permit, role: KeyRole, era: Era) -> Result<ActId, Problem> {
    let mut epochs = (**work.epochs()).clone();
    if outlived(role, era, work.now()) {
        epochs = epochs.ended(role, era.current)?;
    }
    let next = role.label(era.current + 1)?;
    let key = made(work, role, &next)?;
    work.set_epochs(epochs.begun(role, work.now())?)?;
    let print = fingerprint(&key);
    let content = format!("{next} {}", print.as_deref().unwrap_or("-"));
    work.record(permit, Outcome::Done, None, content.as_bytes())
}

/// The key of the next epoch: made ahead, or before a crash, or now. It was never used.
fn made(work: &mut Work<'_>, role: KeyRole, label: &KeyLabel) -> Result<KeyInfo, Problem> {
    let (keys, at) = (&work.platform().keys, work.now());
    match keys.generate(label, role.kind(), at, work.entropy) {
        Err(problem) if problem.label() == labels::KEY_EXISTS.text => {}
        made => return made,
    }
    let there = keys.list()?.into_iter().find(|key| key.label == *label);
    let there = there.ok_or_else(|| Problem::new(&labels::KEY_ABSENT, label.as_str()))?;
    check_kind(role, there.kind).map(|()| there)
}

/// Ends an overlap; none where that was done before.
fn finish(platform: &Platform, permit: &Permit, role: KeyRole) -> Result<Option<ActId>, Problem> {
    let mut act = None;
    transact(platform, |work| {
        act = None;
        let epochs = work.epochs().clone();
        let era = epochs.era(role);
        if era.oldest == era.current {
            return Ok(());
        }
        if role == KeyRole::Ledger {
            keep_former_keys(platform, work.tx)?;
        }
        work.set_epochs(epochs.ended(role, era.current)?)?;
        let content = format!("{} alone", epochs.in_use(role));
        act = Some(work.record(permit, Outcome::Done, None, content.as_bytes())?);
        Ok(())
    })?;
    Ok(act)
}

/// Longest life of a token, in seconds.
pub const TOKEN_VALID_S_MAX: i64 = 31 * 24 * 3_600;

#[cfg(test)]
mod tests {
    use super::*;

    fn era(oldest: u32, current: u32) -> Era {
        Era { oldest, current, since: Moment::from_us(0) }
    }

    fn said(role: KeyRole, era: Era, to: Option<u32>, now_s: i64) -> &'static str {
        match begins(role, era, to, Moment::from_us(now_s * 1_000_000)) {
            Ok(true) => "begins",
            Ok(false) => "goes on",
            Err(problem) => problem.label(),
        }
    }

    #[test]
    fn an_open_rotation_is_gone_on_with() {
        for role in [KeyRole::Kek, KeyRole::SetDigest, KeyRole::Ledger, KeyRole::Token] {
            assert_eq!(said(role, era(1, 1), None, 0), "begins");
            assert_eq!(said(role, era(1, 2), None, 0), "goes on");
            assert_eq!(said(role, era(1, 2), Some(2), 0), "goes on");
            assert_eq!(said(role, era(1, 2), Some(3), 0), "key_rotation");
            assert_eq!(said(role, era(2, 2), Some(3), 0), "begins");
            assert_eq!(said(role, era(2, 2), Some(4), 0), "key_rotation");
        }
        for role in [KeyRole::Pseudonym, KeyRole::Repeat] {
            assert_eq!(said(role, era(1, 2), None, 0), "begins");
            assert_eq!(said(role, era(1, 2), Some(2), 0), "goes on");
        }
        for role in [KeyRole::Numbering, KeyRole::RecordCode, KeyRole::Index] {
            assert_eq!(said(role, era(1, 1), None, 0), "key_not_rotatable");
        }
    }

    #[test]
    fn tokens_outlive_their_key_by_a_month() {
        let (token, ledger) = (KeyRole::Token, KeyRole::Ledger);
        assert_eq!(said(token, era(1, 2), None, TOKEN_VALID_S_MAX - 1), "goes on");
        assert_eq!(said(token, era(1, 2), None, TOKEN_VALID_S_MAX), "begins");
        assert_eq!(said(ledger, era(1, 2), None, i64::from(u32::MAX)), "goes on");
    }
}
