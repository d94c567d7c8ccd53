//! Which epoch of every key is in use, and which former ones still count: one setting of the
//! store, so that every process learns of a rotation by its next transaction.
//!
//! Owns the text of that setting and what was read of it last. Changes are made under the store's
//! write lock only; within a transaction the epochs are those of the transaction. What needs none
//! (tokens, messages that are made ready ahead) takes what was read a moment ago, and must bear
//! that it may be the epoch before.

use crate::key_roles::KeyRole;
use crate::platform::Platform;
use crate::work::broken;
use base::{Moment, Problem, labels};
use numbers::LocalGovernmentCode;
use ports::{KeyLabel, View};
use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// The epochs of all keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Epochs {
    eras: [Era; KeyRole::ALL.len()],
    in_use: Vec<KeyLabel>,
    moving: Option<Moving>,
}

/// The epochs of one key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Era {
    /// The oldest that still counts.
    pub oldest: u32,
    /// The one in use.
    pub current: u32,
    /// When that was put into use.
    pub since: Moment,
}

/// How far the municipalities have come on the way to a new digest key, by code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Moving {
    /// The last one whose records are under the new key, or on the way there.
    last: LocalGovernmentCode,
    /// Whether some of its records are under the former key still.
    busy: bool,
}

/// What was read last. Shared by all clones of a platform.
#[derive(Default, Debug)]
pub(crate) struct Latest(RwLock<Option<Read>>);

#[derive(Debug)]
struct Read {
    text: String,
    epochs: Arc<Epochs>,
    at: Instant,
}

impl Epochs {
    /// What a new platform starts with.
    pub(crate) fn first(at: Moment) -> Result<Self, Problem> {
        Self::of([Era { oldest: 1, current: 1, since: at }; KeyRole::ALL.len()], None)
    }

    fn of(eras: [Era; KeyRole::ALL.len()], moving: Option<Moving>) -> Result<Self, Problem> {
        let label = |(role, era): (KeyRole, &Era)| role.label(era.current);
        let in_use = KeyRole::ALL.into_iter().zip(&eras).map(label);
        Ok(Self { in_use: in_use.collect::<Result<_, _>>()?, eras, moving })
    }

    /// The epochs of a key.
    pub const fn era(&self, role: KeyRole) -> Era {
        self.eras[role.place()]
    }

    /// The key in use.
    pub fn in_use(&self, role: KeyRole) -> &KeyLabel {
        &self.in_use[role.place()]
    }

    /// Every key that counts, the one in use first.
    pub fn counting(&self, role: KeyRole) -> Result<Vec<KeyLabel>, Problem> {
        let Era { oldest, current, .. } = self.era(role);
        (oldest..=current).rev().map(|epoch| role.label(epoch)).collect()
    }

    /// Epoch of the digest key under which a municipality's records are.
    pub fn digest_epoch(&self, of: LocalGovernmentCode) -> u32 {
        let Era { oldest, current, .. } = self.era(KeyRole::SetDigest);
        let moved = self.moving.is_some_and(|moving| of <= moving.last);
        if moved { current } else { oldest }
    }

    /// Whether the municipality's records are on the way from one digest key to the next.
    pub fn digest_changes(&self, of: LocalGovernmentCode) -> bool {
        self.moving.is_some_and(|moving| moving.busy && moving.last == of)
    }

    /// The municipality up to which all are under the new digest key.
    pub(crate) fn digest_moved(&self) -> Option<(LocalGovernmentCode, bool)> {
        self.moving.map(|moving| (moving.last, moving.busy))
    }

    /// The same with the next epoch of a key in use.
    pub(crate) fn begun(&self, role: KeyRole, at: Moment) -> Result<Self, Problem> {
        let mut eras = self.eras;
        let era = &mut eras[role.place()];
        era.current = era.current.checked_add(1).ok_or_else(|| broken("the last epoch"))?;
        era.since = at;
        Self::of(eras, self.moving)
    }

    /// The same with no key older than this epoch counting.
    pub(crate) fn ended(&self, role: KeyRole, oldest: u32) -> Result<Self, Problem> {
        let mut eras = self.eras;
        let era = &mut eras[role.place()];
        era.oldest = era.oldest.max(oldest).min(era.current);
        let moving = if role == KeyRole::SetDigest { None } else { self.moving };
        Self::of(eras, moving)
    }

    /// The same with the municipalities up to this one under the new digest key.
    pub(crate) fn with_moved(&self, last: LocalGovernmentCode, busy: bool) -> Self {
        Self { moving: Some(Moving { last, busy }), ..self.clone() }
    }

    /// The setting: a line per key, `kek 1 2 1775012400000000` (oldest, in use, since), and where
    /// the municipalities are moving, `moving 131016 1`.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (role, Era { oldest, current, since }) in KeyRole::ALL.into_iter().zip(&self.eras) {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{} {oldest} {current} {}", role.name(), since.us());
        }
        if let Some(Moving { last, busy }) = self.moving {
            let _ = writeln!(text, "{MOVING} {last} {}", u8::from(busy));
        }
        text
    }
}

impl FromStr for Epochs {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let torn = || broken("the epochs of the keys do not read");
        let mut lines = text.lines();
        let first = Era { oldest: 1, current: 1, since: Moment::from_us(0) };
        let mut eras = [first; KeyRole::ALL.len()];
        for (role, era) in KeyRole::ALL.into_iter().zip(&mut eras) {
            let words: Vec<_> = lines.next().ok_or_else(torn)?.split(' ').collect();
            let [name, oldest, current, since] = words[..] else { return Err(torn()) };
            era.oldest = oldest.parse().map_err(|_| torn())?;
            era.current = current.parse().map_err(|_| torn())?;
            era.since = Moment::from_us(since.parse().map_err(|_| torn())?);
            if name != role.name() || !(1..=era.current).contains(&era.oldest) {
                return Err(torn());
            }
        }
        let moving = lines.next().map(|line| {
            let words: Vec<_> = line.split(' ').collect();
            let [MOVING, last, busy @ ("0" | "1")] = words[..] else { return Err(torn()) };
            Ok(Moving { last: last.parse().map_err(|_| torn())?, busy: busy == "1" })
        });
        if lines.next().is_some() {
            return Err(torn());
        }
        Self::of(eras, moving.transpose()?)
    }
}

/// The epochs as this transaction or snapshot sees them; `not_initialised` where there is no
/// platform.
pub(crate) fn epochs_of(
    platform: &Platform,
    view: &mut (impl View + ?Sized),
) -> Result<Arc<Epochs>, Problem> {
    let text = view.setting(KEY_EPOCHS)?;
    let text = text.ok_or_else(|| Problem::new(&labels::NOT_INITIALISED, ""))?;
    platform.names.latest.take(text)
}

impl Platform {
    /// The epochs as they stood at most `age` ago.
    pub fn epochs_within(&self, age: Duration) -> Result<Arc<Epochs>, Problem> {
        if let Some(known) = self.names.latest.within(age) {
            return Ok(known);
        }
        let mut epochs = None;
        self.store.snapshot("epochs", &mut |view| {
            epochs = Some(epochs_of(self, view)?);
            Ok(())
        })?;
        epochs.ok_or_else(|| broken("no snapshot"))
    }

    /// The epochs as they stood a moment ago.
    pub fn epochs_lately(&self) -> Result<Arc<Epochs>, Problem> {
        self.epochs_within(LATELY)
    }
}

impl Latest {
    /// What this text says; the same as before where it has not changed, which is nearly always.
    fn take(&self, text: String) -> Result<Arc<Epochs>, Problem> {
        let at = Instant::now();
        {
            let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(held) = held.as_mut().filter(|held| held.text == text) {
                held.at = at;
                return Ok(Arc::clone(&held.epochs));
            }
        }
        let epochs: Arc<Epochs> = Arc::new(text.parse()?);
        let read = Read { text, epochs: Arc::clone(&epochs), at };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(read);
        Ok(epochs)
    }

    fn within(&self, age: Duration) -> Option<Arc<Epochs>> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let held = held.as_ref().filter(|held| held.at.elapsed() <= age);
        held.map(|held| Arc::clone(&held.epochs))
    }
}

/// Setting: the epochs of all keys. Written last when a platform is made: without it there is none.
pub(crate) const KEY_EPOCHS: &str = "key_epochs";
const MOVING: &str = "moving";
const LATELY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn first() -> Epochs {
        Epochs::first(Moment::from_us(7)).unwrap()
    }

    fn town(code: &str) -> LocalGovernmentCode {
        code.parse().unwrap()
    }

    #[test]
    fn what_is_written_reads_back() {
        let begun = first().begun(KeyRole::SetDigest, Moment::from_us(9)).unwrap();
        let ended = begun.ended(KeyRole::SetDigest, 2).unwrap();
        for epochs in [first(), begun.with_moved(town("131016"), true), begun, ended] {
            assert_eq!(epochs.text().parse::<Epochs>().unwrap(), epochs);
        }
    }

    #[test]
    fn what_is_torn_is_refused() {
        let whole = first().text();
        let torn = [
            "",
            &whole[..whole.len() - 30],
            &whole.replace("kek 1 1", "kek 2 1"),
            &whole.replace("kek 1 1", "kek 0 1"),
            &whole.replace("kek ", "keg "),
            &format!("{whole}moving 131016 2\n"),
            &format!("{whole}moving 131016 1\nmore\n"),
            &format!("{whole}more\n"),
        ];
        for text in torn {
            assert_eq!(text.parse::<Epochs>().unwrap_err().label(), "store_broken", "{text}");
        }
    }

    #[test]
    fn both_epochs_count_until_the_former_is_ended() {
        let begun = first().begun(KeyRole::Token, Moment::from_us(9)).unwrap();
        let labels = |epochs: &Epochs| -> Vec<_> {
            let counting = epochs.counting(KeyRole::Token).unwrap();
            counting.iter().map(ToString::to_string).collect()
        };
        assert_eq!(begun.in_use(KeyRole::Token).as_str(), "token/2");
        assert_eq!(labels(&begun), ["token/2", "token/1"]);
        assert_eq!(labels(&begun.ended(KeyRole::Token, 9).unwrap()), ["token/2"]);
        assert_eq!(begun.in_use(KeyRole::Ledger).as_str(), "ledger/1");
    }

    #[test]
    fn municipalities_move_to_a_new_digest_key_by_code() {
        let begun = first().begun(KeyRole::SetDigest, Moment::from_us(9)).unwrap();
        let (near, far) = (town("011002"), town("473821"));
        let epoch = |epochs: &Epochs| (epochs.digest_epoch(near), epochs.digest_epoch(far));
        assert_eq!(epoch(&begun), (1, 1));
        let half = begun.with_moved(town("131016"), true);
        assert_eq!(epoch(&half), (2, 1));
        assert!(half.digest_changes(town("131016")) && !half.digest_changes(near));
        assert_eq!(epoch(&half.ended(KeyRole::SetDigest, 2).unwrap()), (2, 2));
    }
}
