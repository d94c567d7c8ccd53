//! The key ceremony and the first rows: what makes a data directory a platform.
//!
//! Safe to repeat after a crash: keys that are there stay, rows that are there stay. The last thing
//! written is the setting that says which epochs of the keys are in use; without it
//! nothing else works.

use crate::epochs::{Epochs, KEY_EPOCHS};
use crate::platform::Platform;
use crate::publish::ORIGIN;
use crate::work::{PLATFORM_PERSON, Work};
use base::{Problem, labels};
use ports::rows::{Changes, DataKeyRow};
use ports::{KeyInfo, View};
use seal::{DataKey, WrapPlace};

/// Makes every key that is not there yet and tells of all of them. Where there is a platform
/// already, a key that is not there was destroyed: `already_initialised`.
pub fn make_keys(platform: &Platform) -> Result<Vec<KeyInfo>, Problem> {
    platform.store.snapshot("make_keys", &mut |view| refuse_second(view))?;
    let mut entropy = (platform.entropy)();
    let at = platform.clock.now();
    for (label, kind) in platform.names.all()? {
        match platform.keys.generate(&label, kind, at, &mut *entropy) {
            Err(problem) if problem.label() == labels::KEY_EXISTS.text => {}
            made => drop(made?),
        }
    }
    platform.keys.list()
}

/// Writes the platform's own data key and settings. `origin` is the ledger's name for ever.
pub fn make_store(platform: &Platform, origin: &str) -> Result<(), Problem> {
    found(platform, origin, &mut |_| Ok(()))
}

/// The same with the first acts, in one transaction.
pub(crate) fn found(
    platform: &Platform,
    origin: &str,
    first: &mut dyn FnMut(&mut Work<'_>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    platform.store.transact("init", &mut |tx| {
        let mut entropy = (platform.entropy)();
        refuse_second(tx)?;
        let place = WrapPlace { person: PLATFORM_PERSON.0, generation: 1 };
        let key = DataKey::from_entropy(&mut *entropy);
        let wrapped = platform.keys.wrap(&platform.names.kek, &place, &key, &mut *entropy)?;
        let row = DataKeyRow { person: PLATFORM_PERSON, generation: 1, epoch: 1, wrapped };
        tx.write(&Changes { data_keys: vec![row], ..Changes::default() })?;
        tx.set_setting(ORIGIN, origin)?;
        tx.set_setting(KEY_EPOCHS, &Epochs::first(platform.clock.now())?.text())?;
        let mut work = Work::begin(platform, &mut *tx, &mut *entropy)?;
        first(&mut work)?;
        let changes = work.into_changes()?;
        tx.write(&changes)
    })
}

fn refuse_second(view: &mut (impl View + ?Sized)) -> Result<(), Problem> {
    match view.setting(KEY_EPOCHS)? {
        Some(_) => Err(Problem::new(&labels::ALREADY_INITIALISED, "")),
        None => Ok(()),
    }
}
