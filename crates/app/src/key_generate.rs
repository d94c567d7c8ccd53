//! A key is made ahead of its use: the next epoch of a key that the platform has. Until
//! `key_rotate` puts it into use, nothing asks for it.
//!
//! The act is committed before the deed: a crash between the two leaves an act without a key, which
//! the same command makes, and never a key that nobody answers for.

use crate::commit::transact;
use crate::key_roles::{KeyRole, Rotation};
use crate::permits::permit;
use crate::platform::Platform;
use crate::work::{Outcome, broken};
use base::{ActId, Actor, Problem, Purpose, labels};
use ledger::Hash;
use policy::Action;
use ports::{KeyInfo, KeyKind, KeyLabel, KeyStore};

/// Makes a key, as `operator` says.
///
/// # Errors
/// `key_label_unknown` for a name, an epoch or a kind that the platform does not use next;
/// `key_not_rotatable`; `key_exists`; `permit_refused`.
pub fn key_generate(
    platform: &Platform,
    operator: &Actor,
    label: &KeyLabel,
    kind: KeyKind,
) -> Result<(ActId, KeyInfo), Problem> {
    let permit = permit(operator, Action::KeyGenerate, Purpose::Operation, None)?;
    let role = KeyRole::named(label.name())?;
    check_kind(role, kind)?;
    if let Rotation::Never(why) = role.rotation() {
        return Err(not_rotatable(role, why));
    }
    if is_there(&*platform.keys, label)? {
        return Err(Problem::new(&labels::KEY_EXISTS, label.as_str()));
    }
    let mut act = None;
    transact(platform, |work| {
        let next = role.label(work.epochs().era(role).current + 1)?;
        if next != *label {
            let detail = format!("{label}: the next epoch is {next}");
            return Err(Problem::new(&labels::KEY_LABEL_UNKNOWN, detail));
        }
        let content = format!("{label} {kind}");
        act = Some(work.record(&permit, Outcome::Done, None, content.as_bytes())?);
        Ok(())
    })?;
    let at = platform.clock.now();
    let info = platform.keys.generate(label, kind, at, &mut *(platform.entropy)())?;
    Ok((act.ok_or_else(|| broken("no act"))?, info))
}

/// What stands for a key in acts and protocols: SHA-256 of the public half's SPKI in hexadecimal;
/// none for a secret key.
pub fn fingerprint(key: &KeyInfo) -> Option<String> {
    key.public.as_ref().map(|public| Hash::of(&public.to_spki()).to_string())
}

/// Refused with `key_label_unknown` unless a key of this role is of this kind.
pub(crate) fn check_kind(role: KeyRole, kind: KeyKind) -> Result<(), Problem> {
    if kind == role.kind() {
        return Ok(());
    }
    let detail = format!("{} is a key of kind {}, not {kind}", role.name(), role.kind());
    Err(Problem::new(&labels::KEY_LABEL_UNKNOWN, detail))
}

pub(crate) fn not_rotatable(role: KeyRole, why: &str) -> Problem {
    Problem::new(&labels::KEY_NOT_ROTATABLE, format!("{}: {why}", role.name()))
}

pub(crate) fn is_there(keys: &dyn KeyStore, label: &KeyLabel) -> Result<bool, Problem> {
    Ok(keys.list()?.iter().any(|key| key.label == *label))
}
