//! The token: the library that was loaded, how its sessions are opened, and its keys as this child
//! last saw them. A user logs in to a token, not to a session: that somebody is logged in already
//! is success.

use super::fault::Trouble;
use super::keys::{KeyOnToken, read_keys};
use crate::failure::Failure;
use crate::message::{Greeting, Hello, KeyName};
use crate::options::TokenChoice;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::RawAuthPin;
use ports::KeyKind;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use x509::KeyAlgorithm;

/// A token in a slot of a library.
pub(super) struct Token {
    library: Pkcs11,
    choice: TokenChoice,
    pin: RawAuthPin,
    pub(super) check: bool,
    keys: RwLock<BTreeMap<String, Arc<KeyOnToken>>>,
    /// One at a time makes and destroys keys.
    pub(super) making: Mutex<()>,
    /// Whether the PIN was refused. Tried again and again, or by all sessions at once, it would
    /// lock the token.
    pin_refused: Mutex<bool>,
}

impl Token {
    /// Loads the library, finds the token, logs in and looks at its keys.
    pub(super) fn open(hello: &Hello<'_>) -> Result<(Self, Greeting, Session), Failure> {
        let library = Pkcs11::new(hello.module).map_err(|error| {
            Failure::Configuration(format!("{} cannot be loaded: {error}", hello.module))
        })?;
        let flags = CInitializeFlags::OS_LOCKING_OK;
        library.initialize(CInitializeArgs::new(flags)).map_err(settle)?;
        let token = Self {
            library,
            choice: hello.token.clone(),
            pin: RawAuthPin::new(Box::new(hello.pin.to_vec())),
            check: hello.check,
            keys: RwLock::default(),
            making: Mutex::default(),
            pin_refused: Mutex::default(),
        };
        let session = token.session().map_err(Trouble::settle)?;
        token.reload(&session).map_err(Trouble::settle)?;
        let greeting = token.greeting().map_err(Trouble::settle)?;
        Ok((token, greeting, session))
    }

    /// A new session that is logged in.
    pub(super) fn session(&self) -> Result<Session, Trouble> {
        let session = self.library.open_rw_session(self.slot()?)?;
        let mut refused = self.pin_refused.lock().unwrap_or_else(PoisonError::into_inner);
        if *refused {
            return Err(Failure::Configuration("the PIN was refused".to_owned()).into());
        }
        match session.login_with_raw(UserType::User, &self.pin) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(error) => {
                let trouble = Trouble::from(error);
                *refused = matches!(trouble, Trouble::Settled(Failure::Configuration(_)));
                Err(trouble)
            }
        }
    }

    /// The key of this name, looked up on the token where it is not known. Another key under its
    /// label is not it.
    pub(super) fn key(
        &self,
        session: &Session,
        name: KeyName<'_>,
    ) -> Result<Arc<KeyOnToken>, Trouble> {
        let is_it =
            |key: &&Arc<KeyOnToken>| key.is_one_of_many || key.held.identity == name.identity;
        let known =
            |keys: &BTreeMap<String, Arc<KeyOnToken>>| keys.get(name.label).filter(is_it).cloned();
        if let Some(key) = known(&self.keys.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(key);
        }
        known(&self.reload(session)?).ok_or_else(|| Failure::Absent.into())
    }

    /// Looks at the token's keys again.
    pub(super) fn reload(
        &self,
        session: &Session,
    ) -> Result<BTreeMap<String, Arc<KeyOnToken>>, Trouble> {
        let found = read_keys(session)?;
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        // What was prepared for a key is kept as long as the key is the same.
        let same = |key: KeyOnToken| match keys.get(key.label()) {
            Some(known) if known.is(&key) => Arc::clone(known),
            _ => Arc::new(key),
        };
        let fresh = found.into_iter().map(same).map(|key| (key.label().to_owned(), key)).collect();
        *keys = fresh;
        Ok(keys.clone())
    }

    /// Handles of keys are no longer good.
    pub(super) fn forget_keys(&self) {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn slot(&self) -> Result<Slot, Trouble> {
        let absent = || Trouble::from(Failure::Gone(format!("no token {}", self.choice)));
        let slots = self.library.get_slots_with_token()?;
        match &self.choice {
            TokenChoice::Slot(id) => {
                slots.into_iter().find(|slot| slot.id() == *id).ok_or_else(absent)
            }
            TokenChoice::Label(label) => {
                let is_it = |slot: &Slot| {
                    let info = self.library.get_token_info(*slot);
                    info.is_ok_and(|info| info.token_initialized() && info.label() == label)
                };
                let mut fitting = slots.into_iter().filter(is_it);
                let slot = fitting.next().ok_or_else(absent)?;
                if fitting.next().is_some() {
                    let why = format!("two tokens are called {label}: give the slot");
                    return Err(Failure::Configuration(why).into());
                }
                Ok(slot)
            }
        }
    }

    fn greeting(&self) -> Result<Greeting, Trouble> {
        let slot = self.slot()?;
        let info = self.library.get_token_info(slot)?;
        let mechanisms = self.library.get_mechanism_list(slot)?;
        let offered = |kind: &KeyKind| {
            mechanisms_of(*kind).iter().all(|mechanism| mechanisms.contains(mechanism))
        };
        Ok(Greeting {
            token: info.label().to_owned(),
            serial: info.serial_number().to_owned(),
            kinds: KeyKind::ALL.into_iter().filter(offered).collect(),
        })
    }
}

/// What a token must offer so that keys of this kind can be made and used.
fn mechanisms_of(kind: KeyKind) -> [MechanismType; 2] {
    match kind {
        KeyKind::Permutation => [MechanismType::AES_KEY_GEN, MechanismType::AES_ECB],
        KeyKind::Mac => [MechanismType::GENERIC_SECRET_KEY_GEN, MechanismType::SHA256_HMAC],
        KeyKind::Wrap => [MechanismType::AES_KEY_GEN, MechanismType::AES_GCM],
        KeyKind::Sign(KeyAlgorithm::Ed25519) => {
            [MechanismType::ECC_EDWARDS_KEY_PAIR_GEN, MechanismType::EDDSA]
        }
        KeyKind::Sign(KeyAlgorithm::P256 | KeyAlgorithm::P384) => {
            [MechanismType::ECC_KEY_PAIR_GEN, MechanismType::ECDSA]
        }
        KeyKind::Sign(KeyAlgorithm::Rsa2048) => {
            [MechanismType::RSA_PKCS_KEY_PAIR_GEN, MechanismType::RSA_PKCS]
        }
    }
}

fn settle(error: Error) -> Failure {
    Trouble::from(error).settle()
}
